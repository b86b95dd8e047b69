//! Random documents over every viewer's schema. No answer shows more or less than the rule's table allows, and both ways to
//! write an answer give the same bytes.
//!
//! Each run has a new seed, which is printed on failure. `KIM_TEST_SEED` repeats a run.

mod answer;
mod arguments;
mod canaries;
mod changes;
mod document;
mod facts;
mod fuzz;
mod generator;
mod lists;
mod masks;
mod pools;
mod random;
mod rights;
mod rule;
mod schema;
mod setup;
mod situations;
mod split_selection;
mod table;
mod texts;
mod values;
mod viewers;
mod world;

use fuzz::{Fuzz, Missing};

use crate::support::on_both;

/// Number of documents of the leak test on each database, and of the comparison.
const LEAK_DOCUMENTS: usize = 5_000;
const COMPARED_DOCUMENTS: usize = 1_000;
/// Maximum percentage of documents that are answered with errors only, because a non-null field failed or a limit was exceeded.
const MAX_UNANSWERED: usize = 20;
/// Minimum percentage of documents that are compared. The others select no object, or exceed a limit after the split.
const MIN_COMPARED: usize = 70;

on_both! {
    async fn random_documents_show_exactly_what_the_rules_table_allows(db: TestDatabase) {
        let mut fuzz = Fuzz::begin(db).await;
        for asked in 0..LEAK_DOCUMENTS {
            if asked == LEAK_DOCUMENTS / 2 {
                fuzz.close_some().await;
            }
            fuzz.ask_and_check().await;
        }
        fuzz.ask_for_the_rest().await;
        assert_eq!(fuzz.missing(), Missing::default(), "seed {}", fuzz.seed);
        assert!(fuzz.unanswered * 100 < fuzz.asked * MAX_UNANSWERED, "{} of {}", fuzz.unanswered, fuzz.asked);
        fuzz.end().await;
    }

    async fn an_answer_written_in_place_and_one_merged_by_the_engine_have_the_same_bytes(db: TestDatabase) {
        let mut fuzz = Fuzz::begin(db).await;
        let mut compared = 0;
        for turn in 0..COMPARED_DOCUMENTS {
            compared += usize::from(fuzz.ask_both_ways(turn).await);
        }
        assert!(compared * 100 > COMPARED_DOCUMENTS * MIN_COMPARED, "{compared}, seed {}", fuzz.seed);
        fuzz.end().await;
    }

    async fn a_column_outside_a_rows_mask_is_not_read(db: TestDatabase) {
        let seed = random::seed();
        println!("KIM_TEST_SEED={seed}");
        let (facts, mut random) = (world::build(&db).await, random::Random::new(seed, 1));
        let first = facts.agencies.iter().filter(|agency| agency.slug.ends_with("-0"));
        for agency in first.flat_map(|agency| [agency; 3]) {
            masks::check(&db.database, &facts, &agency.slug, &mut random).await;
        }
    }
}
