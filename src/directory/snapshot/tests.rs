//! The bytes: what was written comes back, and nothing else does.

use std::{fs::OpenOptions, io};

use proptest::prelude::*;
use smallvec::SmallVec;

use super::format::{Batch, Damage, Header, Origin, Reader, VERSION, Why, Writer};
use crate::crm::CrmUser;
use crate::directory::records::{
    Facts, Records, State,
    stored::{StoredUnreadable, StoredUser},
};
use crate::model::{
    client::{Kind, KindSet},
    ids::CrmId,
    phone::{NotANumber, PhoneKey},
};

fn header() -> Header {
    Header {
        origin: Origin {
            adapter: "values".to_owned(),
            account: "https://acme.example".to_owned(),
            country: "UA".to_owned(),
            phone_fields: Vec::new(),
            matching: "whole".to_owned(),
        },
        why: Why::Crawl,
        kinds: 0b1010,
        made_s: 1_795_000_000,
        complete_since_s: 1_794_000_000,
        last_crawl_s: 1_794_900_000,
        last_sweep_s: 1_794_999_990,
        crawl_cost: 12,
        numbers: 2,
        records: 3,
        users: 1,
        unreadable: 1,
    }
}

fn id(number: u64) -> CrmId {
    if number.is_multiple_of(2) { CrmId::Number(number) } else { CrmId::Uuid(u128::from(number).to_be_bytes()) }
}

fn records(numbers: &[u64]) -> Records {
    let mut records = Records::default();
    for (at, &number) in (1..).zip(numbers) {
        let facts = Facts {
            numbers: PhoneKey::from_digits(number).into_iter().collect::<SmallVec<_>>(),
            name: (at % 2 == 0).then(|| format!("Client {at}").into()),
            owner: (at % 3 != 0).then(|| id(number / 7)),
            created_s: i64::try_from(number).unwrap_or(0) - 1_000,
            updated_s: 5,
            contacts: SmallVec::new(),
            organizations: SmallVec::new(),
        };
        records.put(Kind::Contact, id(at), State::Open(facts), 1);
        let deal = Facts {
            numbers: SmallVec::new(),
            name: None,
            owner: None,
            created_s: 0,
            updated_s: 0,
            contacts: SmallVec::from_elem(id(at), 1),
            organizations: SmallVec::from_elem(id(at + 1), 1),
        };
        records.put(Kind::Deal, id(at + 1_000), State::Open(deal), 1);
    }
    records.note_unreadable((Kind::Contact, id(1)), 5, vec![("call me".into(), NotANumber::Unreadable)]);
    records
}

fn written(records: &Records) -> Vec<u8> {
    let (email, extension) = (Some("anna@acme.example".to_owned()), Some("101".to_owned()));
    let user = CrmUser { id: id(7), email, phone: None, extension, active: true };
    let mut writer = Writer::new(Vec::new(), &header()).expect("written");
    writer.batch(&Batch::Users(vec![StoredUser::from(&user)])).expect("written");
    let mut from = Some(0);
    while let Some(at) = from {
        let (slice, next) = records.copy(at, 3);
        writer.batch(&Batch::Records(slice)).expect("written");
        from = next;
    }
    let unreadable = records.unreadable_after(None, 10).iter().map(StoredUnreadable::from).collect();
    writer.batch(&Batch::Unreadable(unreadable)).expect("written");
    writer.end().expect("written")
}

/// Reads to the end; gives the batches, or what is wrong.
fn read(bytes: &[u8]) -> Result<(Header, Vec<Batch>), Damage> {
    let (header, mut reader) = Reader::new(bytes)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.batch()? {
        batches.push(batch);
    }
    Ok((header, batches))
}

fn restored(bytes: &[u8]) -> Records {
    let mut records = Records::default();
    for batch in read(bytes).expect("a whole file").1 {
        if let Batch::Records(stored) = batch {
            stored.into_iter().for_each(|stored| records.restore(stored).expect("ours"));
        }
    }
    records
}

/// Where each frame begins, and where the last one ends.
fn edges(bytes: &[u8]) -> Vec<usize> {
    let mut edges = vec![12];
    while let Some(length) = bytes.get(edges[edges.len() - 1]..).and_then(|rest| rest.first_chunk::<4>()) {
        edges.push(edges[edges.len() - 1] + 8 + u32::from_le_bytes(*length) as usize);
    }
    edges
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    let bytes = written(&records(&[380_671_112_233, 380_671_112_234]));
    read(&bytes).expect("the whole of it");
    for end in 0..bytes.len() {
        let damage = read(&bytes[..end]).expect_err("a part of it");
        assert!(matches!(damage, Damage::Frame { .. } | Damage::Other), "at {end}: {damage}");
    }
}

#[test]
fn a_frame_that_is_missing_repeated_or_moved_is_noticed() {
    let bytes = written(&records(&[380_671_112_233, 380_671_112_234]));
    let edges = edges(&bytes);
    assert!(edges.len() > 5 && edges.last() == Some(&bytes.len()), "{edges:?}");
    for at in 0..edges.len() - 1 {
        let (before, frame, after) = (&bytes[..edges[at]], &bytes[edges[at]..edges[at + 1]], &bytes[edges[at + 1]..]);
        read(&[before, after].concat()).expect_err("one frame less");
        read(&[before, frame, frame, after].concat()).expect_err("one frame twice");
        if let Some(&end) = edges.get(at + 2) {
            let next = &bytes[edges[at + 1]..end];
            read(&[before, next, frame, &bytes[end..]].concat()).expect_err("two frames the other way round");
        }
    }
    read(&[&bytes[..], b"x"].concat()).expect_err("something behind the end");
}

#[test]
fn a_frame_of_another_file_is_noticed() {
    let (one, other) = (written(&records(&[380_671_112_233])), written(&records(&[380_671_112_234])));
    let (edges, others) = (edges(&one), edges(&other));
    // The first frames of both are the same: the header, the users. The third one's records are not.
    for at in 3..edges.len() - 1 {
        read(&[&one[..edges[at]], &other[others[at]..]].concat()).expect_err("a part of each");
    }
}

#[test]
fn a_newer_format_says_so() {
    let mut bytes = written(&records(&[]));
    bytes[8] = 3;
    let damage = read(&bytes).expect_err("another version").to_string();
    assert!(
        damage.contains(&format!("expected format 1 or {VERSION}, found 3: written by a newer predial")),
        "{damage}"
    );
}

/// Written by the last predial of format 1, of [`records`] with the three numbers below.
const FORMAT_1: &[u8] = include_bytes!("fixtures/format_1.snapshot");

#[test]
fn a_file_of_the_format_before_is_read_and_names_nobody() {
    let numbers = [380_671_112_233, 380_671_112_234, 48_221_112_233];
    let (found, reader) = Reader::new(FORMAT_1).expect("a header");
    assert!(reader.is_nameless() && found == header());
    let (before, after) = (records(&numbers), restored(FORMAT_1));
    assert_eq!((after.open(), after.numbers()), (before.open(), before.numbers()));
    let client =
        |records: &Records, number| records.client(PhoneKey::from_digits(number).expect("a key"), KindSet::NONE, 0);
    for number in numbers {
        assert_eq!(client(&after, number).entities(), client(&before, number).entities());
        assert_eq!(client(&after, number).name(), None);
    }
    assert_eq!(client(&before, numbers[1]).name(), Some("Client 2"));
    for end in 0..FORMAT_1.len() {
        read(&FORMAT_1[..end]).expect_err("a part of it");
    }
}

#[test]
fn what_is_no_snapshot_says_so() {
    for bytes in [&b""[..], b"SQLite format 3\0 and so on", b"predial"] {
        assert!(matches!(read(bytes), Err(Damage::Other)), "{bytes:?}");
    }
}

#[test]
fn values_of_a_later_version_are_refused_though_their_checksum_holds() {
    let kind_of_later = postcard::to_allocvec(&(9_u8, (0_u8, 1_u8), 0_u8, 0_i64, 0_i64, 0_u8, 0_u8, 0_u8, 0_u8));
    let stored = postcard::from_bytes(&kind_of_later.expect("bytes")).expect("a record");
    let refused = Records::default().restore(stored).expect_err("a kind we do not have").to_string();
    assert_eq!(refused, "expected a kind of this version, found 9");
}

#[test]
fn a_disk_without_room_is_an_error_and_nothing_worse() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("the kernel's full device");
    let written = Writer::new(full, &header()).map(drop);
    assert_eq!(written.expect_err("no room").kind(), io::ErrorKind::StorageFull);
}

proptest! {
    #[test]
    fn what_was_written_comes_back(numbers in prop::collection::vec(1_000_000_u64..999_999_999_999_999, 0..50)) {
        let before = records(&numbers);
        let bytes = written(&before);
        let after = restored(&bytes);
        prop_assert_eq!(read(&bytes).expect("a whole file").0, header());
        prop_assert_eq!((after.open(), after.numbers()), (before.open(), before.numbers()));
        for &number in &numbers {
            let key = PhoneKey::from_digits(number).expect("a key");
            let client = |records: &Records| records.client(key, KindSet::NONE, 0);
            prop_assert_eq!(client(&after), client(&before));
        }
    }

    #[test]
    fn any_flipped_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = written(&records(&[380_671_112_233, 380_671_112_234, 48_221_112_233]));
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(read(&bytes).is_err(), "byte {}, bit {}", at, bit);
    }

    #[test]
    fn no_bytes_at_all_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), headed in any::<bool>()) {
        let head = if headed { [&b"predial\x1a"[..], &VERSION.to_le_bytes()].concat() } else { Vec::new() };
        prop_assert!(read(&[head, bytes].concat()).is_err());
    }

    #[test]
    fn no_payload_makes_it_panic_though_its_checksum_holds(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut sum = crc32fast::Hasher::new();
        let length = u32::try_from(payload.len()).expect("short");
        let open = [&b"predial\x1a"[..], &VERSION.to_le_bytes(), &length.to_le_bytes(), &payload].concat();
        sum.update(&open);
        // Whether it is a header by chance or not: nothing follows it.
        prop_assert!(read(&[open, sum.finalize().to_le_bytes().to_vec()].concat()).is_err());
        if let Ok(batch) = postcard::from_bytes::<Batch>(&payload)
            && let Batch::Records(stored) = batch
        {
            let mut records = Records::default();
            let _refused_or_not = stored.into_iter().try_for_each(|stored| records.restore(stored));
        }
    }
}
