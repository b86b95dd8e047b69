//! The root fields of statistics: exact for the viewer's own referrals, rounded for the coordination.

pub(crate) mod counts;
mod municipality;
mod own;

use std::collections::BTreeSet;

use async_graphql::{Context, ID, InputObject, Object};
use kim_domain::agency::Scope;
use kim_domain::id::Kind;
use kim_domain::period::Month;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::Direction;
use kim_domain::statistics::{MAX_DIMENSIONS, StatisticsDimension};
use kim_entity::read::TallyFilter;
use uuid::Uuid;

use crate::agency;
use crate::error::{Failure, or_null};
use crate::run::session::Session;
use crate::schema::scalar::{MonthScalar, PeriodScalar, local};
use crate::schema::word_enum::WordEnum;
use crate::statistics::counts::CountPlan;
use municipality::MunicipalityStatistics;
use own::ReferralStatistics;

/// The largest number of months in one answer.
const MAX_MONTHS: i32 = 36;
/// The number of months without `from` in the filter.
const DEFAULT_MONTHS: i32 = 12;

/// The root fields of statistics.
#[derive(Default)]
pub(crate) struct StatisticsQuery;

/// Auswahl für die Statistik: Übergaben, die in diesen Monaten angeboten wurden.
#[derive(Debug, Default, InputObject)]
#[graphql(tag = "for work")]
pub(crate) struct StatisticsFilter {
    /// Vom ersten Tag dieses Monats an; ohne Angabe elf Monate vor `to`.
    from: Option<MonthScalar>,
    /// Bis zum letzten Tag dieses Monats; ohne Angabe der laufende.
    to: Option<MonthScalar>,
    /// Einer dieser Zwecke.
    purpose: Option<Vec<WordEnum<ReferralPurpose>>>,
    /// Kennung der anderen Stelle.
    agency: Option<ID>,
}

#[Object]
impl StatisticsQuery {
    /// Die Übergaben Ihrer Stelle in Zahlen, genau: nach Stand, Zweck, anderer Stelle und Monat, mit den Gründen und der Zeit
    /// in jedem Stand. Höchstens 36 Monate.
    #[graphql(tag = "for work", tag = "statistics")]
    async fn referral_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "WordEnum(Direction::Incoming)", desc = "Von welcher Seite.")] direction: WordEnum<
            Direction,
        >,
        #[graphql(desc = "Auswahl.")] filter: Option<StatisticsFilter>,
    ) -> Result<ReferralStatistics, Failure> {
        let session = Session::of(ctx);
        let snapshot = session.read(Scope::StatisticsRead).await?;
        let filter = tally_filter(filter.unwrap_or_default(), Month::of(session.today()))?;
        let tallies = snapshot.tallies(direction.0, &filter).await?;
        let plan = CountPlan::of::<ReferralStatistics>(ctx);
        let stays = if plan.stays { snapshot.stays(direction.0, &filter).await? } else { Vec::new() };
        let others: BTreeSet<Uuid> = tallies.iter().map(|tally| tally.other_id).collect();
        let parties = if plan.agencies { agency::parties(snapshot, others).await? } else { Default::default() };
        Ok(ReferralStatistics::of(&filter, tallies, stays, &parties))
    }

    /// Die Übergaben Ihrer Kommune in Zahlen, gerundet auf Vielfache von 5 (höchstens 2 daneben), nach höchstens zwei
    /// Merkmalen: die in diesem Monat oder Quartal angebotenen, mit dem Stand am letzten Tag. Erst ab dem zweiten Tag danach;
    /// von da an ändern sich die Zahlen nicht mehr. Übergaben zu einem Zweck, der selbst eine besondere Kategorie verrät
    /// (Art. 9 DSGVO: Eingliederungshilfe), sind nirgends mitgezählt, einzelne Stellen nicht zu unterscheiden. Jede Anfrage
    /// wird protokolliert.
    #[graphql(tag = "for coordination", tag = "statistics")]
    async fn municipality_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Monat oder Quartal.")] period: PeriodScalar,
        #[graphql(default, desc = "Merkmale, höchstens zwei; ohne Angabe die Summe.")] by: Vec<
            WordEnum<StatisticsDimension>,
        >,
    ) -> Option<MunicipalityStatistics> {
        or_null(ctx, municipality(ctx, period, by).await)
    }
}

async fn municipality(
    ctx: &Context<'_>,
    period: PeriodScalar,
    by: Vec<WordEnum<StatisticsDimension>>,
) -> Result<Option<MunicipalityStatistics>, Failure> {
    let session = Session::of(ctx);
    let context = session.write(Scope::StatisticsRead)?;
    let period = period.0;
    let mut by: Vec<StatisticsDimension> = by.into_iter().map(|one| one.0).collect();
    by.sort_unstable();
    by.dedup();
    if by.len() > MAX_DIMENSIONS {
        return Err(Failure::BadInput(format!("„by“ nimmt höchstens {MAX_DIMENSIONS} Merkmale.")));
    }
    if !period.is_final(session.today()) {
        return Err(Failure::BadInput(format!(
            "Die Zahlen für {period} stehen ab dem zweiten Tag nach dem {} fest.",
            period.last_day().format("%d.%m.%Y")
        )));
    }
    kim_casework::statistics::record(context, period, &by).await?;
    let snapshot = session.read(Scope::StatisticsRead).await?;
    let periods: Vec<_> = std::iter::once(period).chain(period.months()).collect();
    let groups = snapshot.municipality_groups(&periods).await?;
    let plan = CountPlan::of::<MunicipalityStatistics>(ctx);
    let stays = if plan.stays { snapshot.municipality_stays(period).await? } else { Vec::new() };
    Ok(Some(MunicipalityStatistics::of(period, by, &groups, stays)))
}

fn tally_filter(input: StatisticsFilter, this_month: Month) -> Result<TallyFilter, Failure> {
    let to = input.to.map_or(this_month, |month| month.0);
    let from = input.from.map_or_else(|| to.plus(1 - DEFAULT_MONTHS), |month| month.0);
    if !(0..MAX_MONTHS).contains(&from.until(to)) {
        return Err(Failure::BadInput(format!(
            "„from“ liegt nicht nach „to“, und dazwischen liegen höchstens {MAX_MONTHS} Monate."
        )));
    }
    Ok(TallyFilter {
        from,
        to,
        purpose: input.purpose.map(|purposes| purposes.into_iter().map(|purpose| purpose.0).collect()),
        // An id of another kind is treated like an unknown id: no row matches the nil UUID.
        agency: input.agency.map(|id| local(Kind::Agency, &id)).transpose()?.map(Option::unwrap_or_default),
    })
}

/// Converts microseconds to hours, rounded to one decimal place.
fn hours(micros: i64) -> f64 {
    const TENTH: i64 = 360_000_000;
    f64::from(i32::try_from((micros + TENTH / 2) / TENTH).unwrap_or(i32::MAX)) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_rounded_to_one_decimal_place() {
        assert_eq!([0, 179_999_999, 180_000_000, 3_600_000_000, 5_400_000_000].map(hours), [0.0, 0.0, 0.1, 1.0, 1.5]);
    }

    #[test]
    fn a_filter_covers_twelve_months_by_default_and_at_most_thirty_six() {
        let month = |text| Month::parse(text).expect("a month");
        let default = tally_filter(StatisticsFilter::default(), month("2026-11")).expect("a filter");
        assert_eq!((default.from, default.to), (month("2025-12"), month("2026-11")));
        let of = |from, to| {
            let input = StatisticsFilter {
                from: Some(MonthScalar(month(from))),
                to: Some(MonthScalar(month(to))),
                ..Default::default()
            };
            tally_filter(input, month("2026-11"))
        };
        assert!(of("2024-01", "2026-12").is_ok());
        assert!(of("2023-12", "2026-12").is_err());
        assert!(of("2026-02", "2026-01").is_err());
    }
}
