//! The municipalities of Nordrhein-Westfalen and their districts (casework/data).

use kim_entity::district;

/// What the key of a municipality is.
pub(crate) const AGS_HINT: &str = "achtstelliger Gemeindeschlüssel einer kreisfreien Stadt oder eines Kreises in NRW";

/// The name of a kreisfreie Stadt, Kreis or Städteregion with this eight-digit key: the five digits of the table and
/// three zeros. The table contains no municipalities inside a Kreis.
pub(crate) fn municipality(ags: &str) -> Option<&'static str> {
    let ags5 = ags.strip_suffix("000").filter(|ags5| ags5.len() == 5)?;
    rows(include_str!("../../data/nrw_municipalities.csv")).find_map(|[key, name, ..]| (key == ags5).then_some(name))
}

/// The districts that come with the program.
pub(crate) fn all_districts() -> impl Iterator<Item = district::Model> {
    rows(include_str!("../../data/districts.csv")).map(|row| {
        let [ags, code, name, kind] = row.map(str::to_owned);
        district::Model { ags, code, name, kind }
    })
}

/// Note about a district of a municipality whose districts are unknown.
pub(crate) fn unknown_districts(line: u64, column: &str, ags: &str) -> String {
    let name = municipality(ags).unwrap_or(ags);
    format!(
        "Zeile {line}, {column}: nicht gespeichert, weil die Bezirke von {name} fehlen (zuerst „kim import districts“)"
    )
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
        let codes = |ags: &str| -> Vec<String> {
            all_districts().filter(|district| district.ags == ags).map(|district| district.code).collect()
        };
        assert_eq!(codes("05315000").len(), 9);
        assert_eq!(codes("05112000"), ["H", "F", "R"]);
    }
}
