//! The agencies, districts and agreements that the rows of a list refer to.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::disclosure;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::DbErr;
use kim_entity::unscoped::Unscoped;
use kim_entity::{agency, agreement};
use uuid::Uuid;

use super::spelling::Spellings;

/// Agencies, their districts and agreements.
#[derive(Debug)]
pub(crate) struct Directory {
    agencies: HashMap<String, agency::Model>,
    /// The codes of the districts of each municipality.
    districts: HashMap<String, Spellings<String>>,
    agreements: HashMap<(Uuid, ReferralPurpose), Vec<agreement::Model>>,
}

impl Directory {
    pub(crate) async fn load(all: &Unscoped) -> Result<Self, DbErr> {
        let agencies = all.enabled_agencies().await?;
        let mut districts: HashMap<_, Spellings<String>> = HashMap::new();
        for row in all.districts().await? {
            let own = districts.entry(row.ags).or_default();
            own.add(&row.code, row.code.clone());
            own.add(&row.name, row.code);
        }
        let mut agreements: HashMap<_, Vec<agreement::Model>> = HashMap::new();
        for row in all.agreements().await? {
            agreements.entry((row.receiver_id, row.purpose.0)).or_default().push(row);
        }
        let agencies = agencies.into_iter().map(|agency| (agency.slug.clone(), agency)).collect();
        Ok(Self { agencies, districts, agreements })
    }

    pub(crate) fn agency(&self, slug: &str) -> Option<&agency::Model> {
        self.agencies.get(slug)
    }

    /// An agency that manages cases.
    pub(crate) fn sender(&self, slug: &str) -> Option<&agency::Model> {
        self.agency(slug).filter(|agency| agency.kind.0.sends())
    }

    /// The code of a district, by name or code.
    pub(crate) fn district(&self, ags: &str, name: &str) -> Option<&str> {
        self.districts.get(ags)?.find(name).map(String::as_str)
    }

    /// Whether the districts of a municipality are known.
    pub(crate) fn has_districts(&self, ags: &str) -> bool {
        self.districts.contains_key(ags)
    }

    /// The version of the agreement between agencies of a municipality that is in force on a day.
    pub(crate) fn agreement(
        &self,
        ags: &str,
        receiver: Uuid,
        purpose: ReferralPurpose,
        day: NaiveDate,
    ) -> Option<&agreement::Model> {
        let in_force = |row: &&agreement::Model| {
            row.ags == ags
                && row.valid_from <= day
                && row.valid_until.is_none_or(|last_day| day <= last_day)
                && row.terminated_for_cause_on.is_none_or(|terminated_on| day < terminated_on)
        };
        self.agreements.get(&(receiver, purpose))?.iter().filter(in_force).max_by_key(|row| row.version)
    }
}

/// The inputs of the disclosure rule from an agreement.
pub(crate) const fn terms(row: &agreement::Model) -> disclosure::Agreement {
    disclosure::Agreement {
        fields: FieldSet::from_i64(row.fields),
        ticked_only: FieldSet::from_i64(row.ticked_only),
        statutory: FieldSet::from_i64(row.statutory_fields),
    }
}
