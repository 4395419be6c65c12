use proptest::prelude::{Strategy, any, proptest};

use crate::crm::Cursor;
use crate::crm::failure::Failure;
use crate::crm::zoho_desk::{
    path::{Axis, FURTHEST, PAGE, Stretch},
    window::{BEGINNING_S, Place},
};

const UNTIL_S: i64 = BEGINNING_S + 10_000_000;

/// A record of the vendor's: when it was created and changed.
type Times = (i64, i64);

/// The page that the vendor gives: in order, whole seconds, ties in an order of its own.
fn page(all: &[Times], stretch: &Stretch) -> Vec<Times> {
    let on = |axis: Axis, record: &Times| match axis {
        Axis::Created => record.0,
        Axis::Modified => record.1,
    };
    let within = |(from, until): (i64, i64), at: i64| from <= at && at <= until;
    let mut found: Vec<Times> = all
        .iter()
        .filter(|record| within(stretch.along, on(stretch.order, record)))
        .filter(|record| stretch.across.is_none_or(|across| within(across, on(stretch.order.other(), record))))
        .copied()
        .collect();
    found.sort_by_key(|record| on(stretch.order, record));
    assert!(stretch.from <= FURTHEST && stretch.limit <= PAGE);
    found.into_iter().skip(stretch.from).take(stretch.limit).collect()
}

/// Follows the places to their end; says which records came and how many pages it took.
fn walk(all: &[Times], axis: Axis) -> Result<(Vec<Times>, usize), Failure> {
    let (mut read, mut pages) = (Vec::new(), 0);
    let mut place = Some(Place::first(axis, BEGINNING_S, UNTIL_S));
    while let Some(at) = place {
        let stretch = at.stretch(PAGE);
        let found = page(all, &stretch);
        let seconds: Vec<i64> =
            found.iter().map(|record| if stretch.order == Axis::Created { record.0 } else { record.1 }).collect();
        read.extend(found);
        pages += 1;
        assert!(pages < 10_000, "expected an end");
        // Through the cursor, as the floors above hold it.
        let next = at.next(&seconds, PAGE, None)?.map(Place::into_cursor);
        place = next.map(|cursor| Place::read(&cursor, axis)).transpose()?;
    }
    Ok((read, pages))
}

fn missing(all: &[Times], read: &[Times]) -> usize {
    all.iter().filter(|record| !read.contains(record)).count()
}

proptest! {
    #[test]
    fn nothing_is_skipped_however_many_share_a_second(
        bursts in proptest::collection::vec((0_i64..50, 1_usize..400), 1..12),
        created in any::<bool>(),
    ) {
        let axis = if created { Axis::Created } else { Axis::Modified };
        let mut all = Vec::new();
        for (second, many) in bursts {
            for one in 0..many {
                let other = BEGINNING_S + i64::try_from(one).expect("few");
                let at = BEGINNING_S + 1_000 + second;
                all.push(if created { (at, other + 2_000) } else { (other, at) });
            }
        }
        let (read, _) = walk(&all, axis).expect("an end");
        assert_eq!(missing(&all, &read), 0);
    }

    #[test]
    fn a_place_survives_its_cursor(second in 0_i64..4_000_000_000, skip in 0_usize..=FURTHEST) {
        let text = format!("created {UNTIL_S} {second} {skip} {BEGINNING_S} {skip}");
        let place = Place::read(&Cursor(text.clone()), Axis::Created).expect("a place");
        assert_eq!(place.into_cursor(), Cursor(text));
    }
}

#[test]
fn spread_evenly_a_hundred_records_cost_little_more_than_a_page() {
    let all: Vec<Times> = (0..10_000).map(|at| (BEGINNING_S + at * 60, BEGINNING_S + at * 60)).collect();
    let (read, pages) = walk(&all, Axis::Created).expect("an end");
    assert_eq!(missing(&all, &read), 0);
    assert!(pages <= 103, "{pages}");
}

#[test]
fn five_thousand_that_were_changed_in_one_second_are_read_along_the_time_they_were_made() {
    let all: Vec<Times> = (0..5_000).map(|at| (BEGINNING_S + at * 60, BEGINNING_S + 9_000_000)).collect();
    let (read, pages) = walk(&all, Axis::Modified).expect("an end");
    assert_eq!(missing(&all, &read), 0);
    assert!(pages < 75, "{pages}");
}

#[test]
fn what_could_not_be_read_whole_is_refused_and_not_skipped() {
    let all = vec![(BEGINNING_S + 5, BEGINNING_S + 7); 2_000];
    let failure = walk(&all, Axis::Modified).expect_err("more than an offset reaches");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("same two seconds")), "{failure:?}");
}

#[test]
fn a_short_page_ends_it_unless_the_vendor_says_that_there_are_more() {
    let place = Place::first(Axis::Created, 100, 200);
    for (count, more) in [(None, false), (Some(3), false), (Some(1), false), (Some(4), true)] {
        assert_eq!(place.next(&[100, 100, 101], PAGE, count).expect("a page").is_some(), more, "{count:?}");
    }
    assert_eq!(place.next(&[], PAGE, Some(7)), Ok(None), "nothing is an end, whatever is said");
}

#[test]
fn a_page_in_no_order_or_from_another_time_is_no_page() {
    let place = Place::first(Axis::Created, 100, 200);
    for wrong in [[102, 101], [50, 101]] {
        assert!(matches!(place.next(&wrong, PAGE, None), Err(Failure::Unclear { .. })), "{wrong:?}");
    }
}

#[test]
fn only_cursors_of_the_same_axis_are_read() {
    for text in [
        "",
        "created",
        "created 1 2",
        "created x 2 3",
        "created 1 2 1000",
        "created 1 2 3 4",
        "created 1 2 3 4 5 6",
        "modified 1 2 3",
        "no cursor of ours",
    ] {
        let read = Place::read(&Cursor(text.to_owned()), Axis::Created);
        assert!(matches!(read, Err(Failure::Refused { .. })), "{text}");
    }
    let strategy = (0_i64..10).prop_map(|second| Place::first(Axis::Modified, second, 20).into_cursor());
    proptest!(|(cursor in strategy)| { assert!(Place::read(&cursor, Axis::Created).is_err()); });
}
