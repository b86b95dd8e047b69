//! The facts from which deadlines of the agency's open cases are computed: one statement.
//!
//! The days are texts of a person's record, which are to be encrypted later. Therefore they are compared here and not by the
//! database: all open cases of a Träger are read, with five short texts each.

use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_domain::upcoming::{self, CaseFacts};
use sea_orm::DbErr;
use uuid::Uuid;

use super::Reads;
use crate::codec::{case_file, person};
use crate::sql::{Columns, Sql};

impl Reads {
    /// The facts of the agency's open cases: of these, or of all.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn deadline_facts(&self, of: Option<&[Uuid]>) -> Result<Vec<(Uuid, CaseFacts)>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT k.id, ");
        case_file::push_progress(&mut sql);
        sql.push(", ");
        self.push_applies(&mut sql);
        person::push_columns(&mut sql, upcoming::READ);
        sql.push(" FROM \"case\" k JOIN person p ON p.id = k.person_id WHERE k.closed_on IS NULL AND k.agency_id = ");
        sql.bind(self.viewer.agency().id);
        if let Some(ids) = of {
            sql.push(" AND ").is_one_of("k.id", ids);
        }
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let id: Uuid = columns.next()?;
            let (phase, reviewed_on) = case_file::read_progress(&mut columns)?;
            let applies_for_benefit = columns.next()?;
            let values = person::read(&mut columns, upcoming::READ)?;
            let mut facts = CaseFacts::of(|field| values.get(field));
            facts.phase = phase;
            facts.reviewed_on = Some(reviewed_on);
            facts.applies_for_benefit = applies_for_benefit;
            Ok((id, facts))
        };
        Ok(self.readable("case", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// Whether a referral for Grundsicherungsgeld is drafted, or is offered without containing the application. One that contains
    /// the application counts as filed when it is received (§ 16(2) SGB I).
    fn push_applies(&self, sql: &mut Sql) {
        let purpose = ReferralPurpose::BenefitApplication;
        if self.viewer.purposes().is_some_and(|purposes| !purposes.contains(&purpose)) {
            sql.push("FALSE");
            return;
        }
        let undecided = |status: &ReferralStatus| status.is_pending(false) || *status == ReferralStatus::Suspended;
        sql.push("EXISTS (SELECT 1 FROM referral r WHERE r.case_id = k.id AND NOT r.ever_accepted AND r.purpose IN ");
        sql.words([purpose]).push(" AND (r.status = 'DRAFT' OR (NOT r.carries_application AND r.status IN ");
        sql.words(ReferralStatus::ALL.iter().copied().filter(undecided)).push(")))");
    }
}
