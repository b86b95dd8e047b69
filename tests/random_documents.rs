//! Random documents of every viewer's own schema: two ways to one answer give the same bytes, and no answer shows more, or
//! less, than the rule's table allows.
//!
//! Each run has another seed, which a failure prints; `KIM_TEST_SEED` repeats it.

mod answer;
mod arguments;
mod canaries;
mod changes;
mod dice;
mod document;
mod facts;
mod fuzz;
mod generator;
mod lists;
mod masks;
mod pieces;
mod pools;
mod rights;
mod rule;
mod schema;
mod setup;
mod situations;
mod table;
mod texts;
mod values;
mod viewers;
mod world;

use fuzz::{Fuzz, Missing};

use crate::support::on_both;

/// Documents of the leak test on each database, and of the comparison.
const LEAK_DOCUMENTS: usize = 5_000;
const COMPARED_DOCUMENTS: usize = 1_000;
/// So many of a hundred documents may be answered by errors alone: a field that cannot be null failed, or it was too large.
const MAX_UNANSWERED: usize = 20;
/// So many of a hundred documents must be compared: the others ask for no object, or are too large in pieces.
const MIN_COMPARED: usize = 70;

on_both! {
    async fn no_document_shows_more_or_less_than_the_table_allows(db: TestDatabase) {
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

    async fn an_answer_in_place_and_one_put_together_by_the_engine_have_the_same_bytes(db: TestDatabase) {
        let mut fuzz = Fuzz::begin(db).await;
        let mut compared = 0;
        for turn in 0..COMPARED_DOCUMENTS {
            compared += usize::from(fuzz.ask_both_ways(turn).await);
        }
        assert!(compared * 100 > COMPARED_DOCUMENTS * MIN_COMPARED, "{compared}, seed {}", fuzz.seed);
        fuzz.end().await;
    }

    async fn a_column_outside_a_row_s_mask_is_not_read(db: TestDatabase) {
        let seed = dice::seed();
        println!("KIM_TEST_SEED={seed}");
        let (facts, mut dice) = (world::build(&db).await, dice::Dice::new(seed, 1));
        let first = facts.agencies.iter().filter(|agency| agency.slug.ends_with("-0"));
        for agency in first.flat_map(|agency| [agency; 3]) {
            masks::check(&db.database, &facts, &agency.slug, &mut dice).await;
        }
    }
}
