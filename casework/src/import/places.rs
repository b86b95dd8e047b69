//! The municipalities of Nordrhein-Westfalen and their districts (casework/data).

/// A row of data/districts.csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct District {
    pub(crate) ags: &'static str,
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
}

/// The name of a kreisfreie Stadt, Kreis or Städteregion with this eight-digit key: the five digits of the table and
/// three zeros. The table contains no municipalities inside a Kreis.
pub(crate) fn municipality(ags: &str) -> Option<&'static str> {
    let ags5 = ags.strip_suffix("000").filter(|ags5| ags5.len() == 5)?;
    rows(include_str!("../../data/nrw_municipalities.csv")).find_map(|[key, name, ..]| (key == ags5).then_some(name))
}

/// The districts of a municipality.
pub(crate) fn districts(ags: &str) -> impl Iterator<Item = District> {
    rows(include_str!("../../data/districts.csv"))
        .filter(move |[key, ..]| *key == ags)
        .map(|[ags, code, name, kind]| District { ags, code, name, kind })
}

fn rows(table: &'static str) -> impl Iterator<Item = [&'static str; 4]> {
    table.lines().skip(1).map(|line| {
        let mut cells = line.split(';');
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn koeln_and_duisburg_have_names_and_districts() {
        assert_eq!(municipality("05315000"), Some("Köln"));
        assert_eq!(municipality("05112000"), Some("Duisburg"));
        assert_eq!(municipality("05315001"), None);
        assert_eq!(municipality("5315000"), None);
        assert_eq!(districts("05315000").count(), 9);
        assert_eq!(districts("05112000").map(|district| district.code).collect::<Vec<_>>(), ["H", "F", "R"]);
    }
}
