//! Random documents of every viewer's own schema: two ways to one answer give the same bytes, and no answer shows more, or
//! less, than the rule's table allows.

mod answer;
mod arguments;
mod asking;
mod canaries;
mod changes;
mod dice;
mod document;
mod facts;
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

use asking::{Asking, MOST_UNANSWERED};

use crate::support::on_both;

/// Documents of the leak test on each database, and of the comparison.
const LEAK_DOCUMENTS: usize = 5_000;
const COMPARED_DOCUMENTS: usize = 1_000;

on_both! {
    async fn no_document_shows_more_or_less_than_the_table_allows(db: TestDatabase) {
        let mut asking = Asking::begin(db).await;
        for asked in 0..LEAK_DOCUMENTS {
            if asked == LEAK_DOCUMENTS / 2 {
                asking.close_some().await;
            }
            asking.ask_and_check().await;
        }
        asking.ask_for_the_rest().await;
        let (shown, denied) = asking.missing();
        assert!(shown.is_empty() && denied.is_empty(), "seed {}: not shown {shown:?}, not denied {denied:?}", asking.seed);
        let expected = pools::classes(&asking.facts);
        assert_eq!(asking.classes, expected, "seed {}: texts that somebody was shown", asking.seed);
        assert!(asking.unanswered * 100 < asking.asked * MOST_UNANSWERED, "{} unanswered", asking.unanswered);
        asking.end().await;
    }

    async fn an_answer_in_place_and_one_put_together_by_the_engine_have_the_same_bytes(db: TestDatabase) {
        let mut asking = Asking::begin(db).await;
        let mut compared = 0;
        for _ in 0..COMPARED_DOCUMENTS {
            compared += usize::from(asking.ask_both_ways().await);
        }
        assert!(compared * 100 > COMPARED_DOCUMENTS * 80, "only {compared} were compared, seed {}", asking.seed);
        asking.end().await;
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
