//! A referral as its sender or receiver sees it. No resolver here reads the database: all that the selection needs was
//! loaded before, as planned.

pub(crate) mod bulk;
pub(crate) mod correction;
pub(crate) mod correction_mutations;
pub(crate) mod filter;
pub(crate) mod handover;
pub(crate) mod history;
pub(crate) mod load;
pub(crate) mod meeting;
pub(crate) mod mutations;
pub(crate) mod offer_check;
pub(crate) mod payload;
pub(crate) mod plan;
pub(crate) mod queries;

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use kim_domain::Word;
use kim_domain::agency::Scope;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_domain::life::{self, ActionContext, Mover, ReferralAction};
use kim_domain::referral::{
    BallHolder, DeclineReason, FailReason, Outcome, ReferralKind, ReferralStatus, ReturnReason, WithdrawalReason,
};
use kim_entity::DbErr;
use kim_entity::read::{
    self, AppointmentRow, CorrectionRow, Disputes, EventRow, ListedReferral, MessageRow, OfferCheckRow, ReferralRest,
    Side, TalkRow, Values,
};

use crate::agency::{Agency, Parties, Purpose};
use crate::case::Case;
use crate::consent::Consent;
use crate::error::{Failure, or_null};
use crate::referral::correction::{Correction, CorrectionConnection, Notices};
use crate::referral::handover::Handover;
use crate::referral::history::{Message, MessageConnection, ReferralEvent, ReferralEventConnection};
use crate::referral::meeting::{Appointment, Talk};
use crate::referral::offer_check::OfferCheck;
use crate::run::connection::connection;
use crate::run::history::History;
use crate::run::page::{PageArgs, RowKey};
use crate::run::plan::Selected;
use crate::run::planned::Relation;
use crate::run::session::Session;
use crate::run::write_object::WriteObject;
use crate::schema::scalar::{Date, DateTime, global};
use crate::schema::word_enum::{StoredWord, WordEnum};

/// A referral with the relations that its plan needs.
pub(crate) struct Referral {
    pub(crate) row: ListedReferral,
    pub(crate) parties: Parties,
    pub(crate) values: Values,
    pub(crate) messages: History<MessageRow>,
    pub(crate) events: History<EventRow>,
    pub(crate) appointments: Relation<Vec<AppointmentRow>>,
    pub(crate) talks: Relation<Vec<TalkRow>>,
    pub(crate) corrections: History<CorrectionRow>,
    pub(crate) notices: Relation<Notices>,
    pub(crate) disputes: Relation<Disputes>,
    pub(crate) can_be_continued: Relation<bool>,
    pub(crate) draft: Relation<Option<OfferCheckRow>>,
    pub(crate) previous: Relation<Option<Arc<Referral>>>,
    pub(crate) case: Relation<Option<Arc<Case>>>,
    pub(crate) consent: Relation<Option<Consent>>,
}

impl Referral {
    fn party(&self, party: BallHolder) -> Result<Agency, Failure> {
        let missing = || Failure::Internal(DbErr::RecordNotFound("a party of a referral".into()));
        match party {
            // Read with the row.
            BallHolder::Sender => Ok(Agency(self.row.sender.clone())),
            BallHolder::Receiver => self.parties.get(&self.row.receiver_id).cloned().map(Agency).ok_or_else(missing),
        }
    }

    /// A part of the sender's own case. For a sender without the scope it is null, with an error.
    fn case_part<'r, T>(&self, ctx: &Context<'_>, part: &'r Relation<Option<T>>) -> Option<&'r T> {
        let allowed = self.row.side == Side::Receiver || Session::of(ctx).viewer().may(Scope::CaseRead);
        let part = if allowed { part.get().map(Option::as_ref) } else { Err(Failure::Forbidden(Scope::CaseRead)) };
        or_null(ctx, part)
    }

    /// The columns of a row that lists do not read. Present if the plan needs one of them.
    pub(crate) fn rest_of(row: &ListedReferral) -> Result<&ReferralRest, Failure> {
        let missing =
            || Failure::Internal(DbErr::RecordNotFound("the rest of a referral that was read as a list".into()));
        row.rest.as_ref().ok_or_else(missing)
    }

    fn rest(&self) -> Result<&ReferralRest, Failure> {
        Self::rest_of(&self.row)
    }
    /// Whether the viewer may see the outcome: the receiver always, the sender only if the client agreed to that.
    fn outcome_visible(&self) -> Result<bool, Failure> {
        Ok(self.row.side == Side::Receiver || self.rest()?.reports_outcome(&self.row.terms))
    }

    /// The reason for which the referral was closed, if it has this status and `visible` is true.
    fn reason<W: Word>(&self, status: ReferralStatus, visible: bool) -> Result<StoredWord<W>, Failure> {
        let code = self.rest()?.reason.as_deref().filter(|_| visible && self.row.status == status);
        Ok(StoredWord::of("referral.reason", code))
    }

    /// The reason, visible to the same viewers as the outcome.
    fn outcome_reason<W: Word>(&self, status: ReferralStatus) -> Result<StoredWord<W>, Failure> {
        self.reason(status, self.outcome_visible()?)
    }

    /// Whether the viewer may read messages and other texts of the referral: the receiver only while a handover field is
    /// visible.
    pub(crate) fn may_read_texts(row: &ListedReferral) -> bool {
        row.side == Side::Sender || !row.visible().fields().is_empty()
    }
}

/// Eine Übergabe (Referral): ein Fall oder ein Teil davon, den eine Stelle einer anderen anbietet.
#[Object(tag = "for work", tag = "plan referral", tag = "scope referral:read")]
impl Referral {
    /// Kennung.
    #[graphql(tag = "needs listed", tag = "conveyed")]
    pub(crate) async fn id(&self) -> ID {
        global(Kind::Referral, self.row.id)
    }
    /// Zählt die Änderungen.
    #[graphql(tag = "conveyed")]
    async fn version(&self) -> Result<i32, Failure> {
        Ok(self.rest()?.version)
    }
    /// Art der Übergabe.
    async fn kind(&self) -> Result<WordEnum<ReferralKind>, Failure> {
        Ok(WordEnum(self.rest()?.kind))
    }
    /// Zweck.
    #[graphql(tag = "needs listed")]
    async fn purpose(&self) -> Purpose {
        Purpose(self.row.purpose)
    }
    /// Stand.
    #[graphql(tag = "needs listed", tag = "conveyed")]
    async fn status(&self) -> WordEnum<ReferralStatus> {
        WordEnum(self.row.status)
    }
    /// Zeichen dieser Übergabe, für das Telefon.
    #[graphql(tag = "needs listed")]
    async fn reference(&self) -> &str {
        &self.row.reference
    }
    /// Die übergebende Stelle.
    #[graphql(tag = "needs listed")]
    async fn sender(&self) -> Result<WriteObject<Agency>, Failure> {
        self.party(BallHolder::Sender).map(WriteObject)
    }
    /// Die empfangende Stelle.
    #[graphql(tag = "needs listed, parties")]
    async fn receiver(&self) -> Result<WriteObject<Agency>, Failure> {
        self.party(BallHolder::Receiver).map(WriteObject)
    }
    /// Die Stelle, die am Zug ist; null nach dem Abschluss.
    #[graphql(tag = "needs listed, parties")]
    async fn ball_with(&self) -> Result<Option<Agency>, Failure> {
        self.row.status.ball().map(|holder| self.party(holder)).transpose()
    }
    /// Die Stelle, die für den Fall verantwortlich ist: bei einer Fallübergabe mit deren Beginn die empfangende, auch während
    /// einer Rückfrage oder Aussetzung, sonst die übergebende (§ 86c SGB VIII).
    #[graphql(tag = "needs parties")]
    async fn responsible(&self) -> Result<Agency, Failure> {
        let rest = self.rest()?;
        self.party(life::responsible(rest.kind, rest.standing))
    }
    /// Was Sie jetzt damit tun können.
    #[graphql(tag = "list 10", tag = "needs actions")]
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<WordEnum<ReferralAction>>, Failure> {
        let rest = self.rest()?;
        let mover = match self.row.side {
            Side::Sender => Mover::Sender,
            Side::Receiver => Mover::Receiver,
        };
        let may_write = Session::of(ctx).viewer().may(Scope::ReferralWrite);
        let context = ActionContext {
            carries_application: rest.carries_application,
            shows_something: !self.row.visible().fields().is_empty(),
            can_be_continued: *self.can_be_continued.get()?,
            // Only for kinds that send, as it is planned.
            to_decide: Session::of(ctx).viewer().agency().kind.sends() && self.disputes.get()?.to_decide,
        };
        Ok(rest.standing.available(mover, context).filter(|_| may_write).map(WordEnum).collect())
    }
    /// Ob sie einen Antrag enthält: Er gilt mit dem ersten Eingang als gestellt (§ 16 SGB I).
    async fn carries_application(&self) -> Result<bool, Failure> {
        Ok(self.rest()?.carries_application)
    }
    /// Gesetzliche Frist, die nichts verschiebt (§ 14 SGB IX).
    async fn statutory_due_on(&self) -> Result<Option<Date>, Failure> {
        Ok(self.rest()?.statutory_due_on.map(Date))
    }
    /// Ergebnis; für die übergebende Stelle nur, wenn die Klientin oder der Klient die Rückmeldung erlaubt hat.
    async fn outcome(&self) -> Result<StoredWord<Outcome>, Failure> {
        self.outcome_reason(ReferralStatus::Completed)
    }
    /// Grund der Ablehnung; für die übergebende Stelle wie das Ergebnis.
    async fn decline_reason(&self) -> Result<StoredWord<DeclineReason>, Failure> {
        self.outcome_reason(ReferralStatus::Declined)
    }
    /// Grund des Scheiterns; für die übergebende Stelle wie das Ergebnis.
    async fn fail_reason(&self) -> Result<StoredWord<FailReason>, Failure> {
        self.outcome_reason(ReferralStatus::Failed)
    }
    /// Grund der Rückgabe; für die übergebende Stelle wie das Ergebnis.
    async fn return_reason(&self) -> Result<StoredWord<ReturnReason>, Failure> {
        self.outcome_reason(ReferralStatus::Returned)
    }
    /// Grund der Rücknahme; nur für die übergebende Stelle.
    #[graphql(tag = "for senders")]
    async fn withdrawal_reason(&self) -> Result<StoredWord<WithdrawalReason>, Failure> {
        self.reason(ReferralStatus::Withdrawn, self.row.side == Side::Sender)
    }
    /// Termine; die der empfangenden Stelle sieht die übergebende wie das Ergebnis.
    #[graphql(tag = "list 3", tag = "needs appointments, parties")]
    async fn appointments(&self, ctx: &Context<'_>) -> Result<Vec<Appointment>, Failure> {
        let (own, outcome_visible) = (Session::of(ctx).viewer().agency().id, self.outcome_visible()?);
        let shown = self.appointments.get()?.iter().filter(|row| row.agency_id == own || outcome_visible);
        let shown: Vec<_> = shown.map(|row| Appointment::of(row, &self.parties)).collect();
        if !shown.is_empty() {
            Session::of(ctx).show_messages(&self.row);
        }
        Ok(shown)
    }
    /// Gespräche, in denen der Fall übergeben wurde.
    #[graphql(tag = "list 3", tag = "needs talks, parties")]
    async fn talks(&self, ctx: &Context<'_>) -> Result<Vec<Talk>, Failure> {
        let talks = self.talks.get()?;
        if !talks.is_empty() {
            Session::of(ctx).show_messages(&self.row);
        }
        Ok(talks.iter().map(|row| Talk::of(row, &self.parties)).collect())
    }
    /// Was Sie vor dem Angebot wissen sollten; nur bei Ihrem eigenen Entwurf.
    #[graphql(tag = "for senders", tag = "needs offer-check")]
    async fn offer_check(&self, ctx: &Context<'_>) -> Result<Option<OfferCheck>, Failure> {
        let draft = self.draft.get()?.as_ref();
        Ok(draft.map(|draft| OfferCheck::of(&self.row, draft, Session::of(ctx).today())))
    }
    /// Ihr eigenes Aktenzeichen dazu; die andere Seite sieht es nie.
    async fn own_reference(&self) -> Result<Option<&str>, Failure> {
        Ok(self.rest()?.own_reference.as_deref())
    }
    /// Ansprechperson der übergebenden Stelle.
    async fn sender_contact(&self) -> Result<Option<Contact>, Failure> {
        Ok(Contact::of(&self.rest()?.sender_contact))
    }
    /// Ansprechperson der empfangenden Stelle.
    async fn receiver_contact(&self) -> Result<Option<Contact>, Failure> {
        Ok(Contact::of(&self.rest()?.receiver_contact))
    }
    /// Tag des ersten Eingangs (§ 16 SGB I).
    async fn first_received_on(&self) -> Result<Option<Date>, Failure> {
        Ok(self.rest()?.first_received_on.map(Date))
    }
    /// Angeboten.
    async fn offered_at(&self) -> Result<Option<DateTime>, Failure> {
        Ok(self.rest()?.offered_at.and_then(DateTime::from_micros))
    }
    /// Angenommen.
    async fn accepted_at(&self) -> Result<Option<DateTime>, Failure> {
        Ok(self.rest()?.accepted_at.and_then(DateTime::from_micros))
    }
    /// Abgeschlossen.
    async fn closed_at(&self) -> Result<Option<DateTime>, Failure> {
        Ok(self.rest()?.closed_at.and_then(DateTime::from_micros))
    }
    /// Zuletzt geändert.
    async fn updated_at(&self) -> Result<DateTime, Failure> {
        let instant = DateTime::from_micros(self.rest()?.updated_at);
        Ok(instant.unwrap_or(DateTime(chrono::DateTime::UNIX_EPOCH)))
    }
    /// Frist zur Antwort.
    #[graphql(tag = "needs listed")]
    async fn due_on(&self) -> Option<Date> {
        self.row.due_on.map(Date)
    }
    /// Überfällig: die empfangende Stelle ist am Zug, und die Frist ist verstrichen.
    #[graphql(tag = "needs listed")]
    async fn overdue(&self, ctx: &Context<'_>) -> bool {
        self.row.overdue(Session::of(ctx).today())
    }
    /// Was übergeben wurde, soweit Sie es jetzt sehen dürfen.
    #[graphql(tag = "needs listed, handover")]
    async fn handover(&self, ctx: &Context<'_>) -> Handover<'_> {
        Handover::new(Session::of(ctx), &self.row, &self.values, &self.disputes)
    }
    /// Welche Felder die empfangende Stelle jetzt sieht, oder nach der Annahme sähe; nur für die übergebende Stelle.
    #[graphql(tag = "for senders", tag = "list 20")]
    async fn disclosure(
        &self,
        #[graphql(default = false, desc = "So, als wäre die Übergabe angenommen.")] if_accepted: bool,
    ) -> Option<Vec<WordEnum<HandoverField>>> {
        let visible = if if_accepted { self.row.visible_if_accepted() } else { self.row.visible() };
        (self.row.side == Side::Sender).then(|| visible.fields().iter().map(WordEnum).collect())
    }
    /// Ihr Fall, aus dem übergeben wurde; nur für die übergebende Stelle.
    #[graphql(tag = "for senders", tag = "needs case", tag = "scope case:read")]
    async fn case(&self, ctx: &Context<'_>) -> Option<&Case> {
        self.case_part(ctx, &self.case).map(|case| &**case)
    }
    /// Die Einwilligung, auf der sie beruht; nur für die übergebende Stelle.
    #[graphql(tag = "for senders", tag = "needs consent", tag = "scope case:read")]
    async fn consent(&self, ctx: &Context<'_>) -> Option<&Consent> {
        self.case_part(ctx, &self.consent)
    }
    /// Nachrichten zwischen den beiden Seiten; für die empfangende Stelle nur, solange sie etwas sehen darf.
    #[graphql(tag = "page", tag = "needs listed, messages")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele, vom Anfang.")] first: Option<i32>,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
        #[graphql(desc = "Höchstens so viele, vom Ende.")] last: Option<i32>,
        #[graphql(desc = "Vor diesem Zeiger.")] before: Option<String>,
    ) -> Result<WriteObject<MessageConnection>, Failure> {
        let args = PageArgs { first, after, last, before };
        let (rows, more) = self.messages.page(history::MESSAGES, &args)?;
        // There are no rows if the viewer may not read texts.
        if !rows.is_empty() && Selected::of::<MessageConnection>(ctx).wants_texts::<Message>() {
            Session::of(ctx).show_messages(&self.row);
        }
        let message = |row: &MessageRow| Message { row: row.clone(), parties: self.parties.clone() };
        let rows = rows.iter().map(|row| (RowKey::Instant(row.sent_at, row.id), message(row)));
        Ok(WriteObject(MessageConnection::new(history::MESSAGES, rows, &args, more, self.messages.count())))
    }
    /// Der Verlauf.
    #[graphql(tag = "page", tag = "needs events")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele, vom Anfang.")] first: Option<i32>,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
        #[graphql(desc = "Höchstens so viele, vom Ende.")] last: Option<i32>,
        #[graphql(desc = "Vor diesem Zeiger.")] before: Option<String>,
    ) -> Result<ReferralEventConnection, Failure> {
        let args = PageArgs { first, after, last, before };
        let (rows, more) = self.events.page(history::EVENTS, &args)?;
        let (kind, outcome_visible) = (Session::of(ctx).viewer().agency().kind, self.outcome_visible()?);
        let event = |row| ReferralEvent::of(row, &self.parties, kind, outcome_visible);
        let rows = rows.iter().map(|row| (RowKey::Instant(row.at, row.id), event(row)));
        Ok(ReferralEventConnection::new(history::EVENTS, rows, &args, more, self.events.count()))
    }
    /// Angaben, die die empfangende Stelle als falsch gemeldet hat; für sie nur, solange sie etwas sehen darf.
    #[graphql(tag = "page", tag = "needs corrections")]
    async fn corrections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele, vom Anfang.")] first: Option<i32>,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
        #[graphql(desc = "Höchstens so viele, vom Ende.")] last: Option<i32>,
        #[graphql(desc = "Vor diesem Zeiger.")] before: Option<String>,
    ) -> Result<CorrectionConnection, Failure> {
        let args = PageArgs { first, after, last, before };
        let (rows, more) = self.corrections.page(correction::CORRECTIONS, &args)?;
        if !rows.is_empty() && Selected::of::<CorrectionConnection>(ctx).wants_texts::<Correction>() {
            Session::of(ctx).show_messages(&self.row);
        }
        let report = |row| Correction::of(row, &self.parties, &self.notices);
        let rows = rows.iter().map(|row| (RowKey::Instant(row.reported_at, row.id), report(row)));
        Ok(CorrectionConnection::new(correction::CORRECTIONS, rows, &args, more, self.corrections.count()))
    }
    /// Die Übergabe, die diese fortsetzt, wenn Sie sie sehen dürfen.
    #[graphql(tag = "needs previous")]
    async fn previous(&self) -> Result<Option<&Referral>, Failure> {
        self.previous.get().map(Option::as_deref)
    }
}

connection!(ReferralConnection, ReferralEdge, Referral, "for work", "Eine Seite der Übergaben.");

/// Eine Ansprechperson.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct Contact {
    /// Name.
    name: Option<String>,
    /// Telefon.
    phone: Option<String>,
    /// E-Mail.
    email: Option<String>,
}

impl Contact {
    fn of(contact: &read::Contact) -> Option<Self> {
        let read::Contact { name, phone, email } = contact.clone();
        (name.is_some() || phone.is_some() || email.is_some()).then_some(Self { name, phone, email })
    }
}
