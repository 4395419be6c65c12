//! The bytes of a snapshot: frames behind a header, each with its checksum.
//!
//! # Shape
//! ```text
//! file     = magic (8 bytes) · version (u32) · header · batch … · end
//! header,
//! batch,
//! end      = length (u32) · payload, postcard · checksum (u32)
//! ```
//! Integers are little endian. A checksum (CRC-32) is that of everything from the file's beginning to the end of the
//! payload, without the checksums between: a frame that is torn, missing, moved, repeated or another file's is noticed
//! at its place. Nothing may follow the end. Both ways go frame by frame, so that a million records are never held twice.
//!
//! Format 1 is read as well: it differs in records, which had no names.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::directory::records::stored::{Nameless, Stored, StoredUnreadable, StoredUser};

const MAGIC: [u8; 8] = *b"predial\x1a";
/// The format that is written.
pub(super) const VERSION: u32 = 2;
/// The one before, which is read, too.
pub(super) const NAMELESS: u32 = 1;
/// A frame's payload, at most. One of ours takes some 50 KiB.
const MAX_FRAME: u32 = 64 << 20;

/// What a snapshot is of: one that is of something else is not ours to answer from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The word of `crm.kind`.
    pub adapter: String,
    /// The account, as the vendor counts it.
    pub account: String,
    /// The country numbers were read with.
    pub country: String,
    /// Further fields that numbers were read from.
    pub phone_fields: Vec<String>,
    /// How a caller's number may differ from the stored one.
    pub matching: String,
}

/// Why a snapshot was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// A full crawl was accepted.
    Crawl,
    /// Something had changed since the last.
    Change,
    /// The service was stopped.
    Stop,
    /// It was in force before a rollback, and is kept so that this can be undone.
    BeforeRollback,
    /// A rollback put it in force.
    Rollback,
}

impl Why {
    /// The word operators read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Crawl => "crawl",
            Self::Change => "change",
            Self::Stop => "stop",
            Self::BeforeRollback => "before-rollback",
            Self::Rollback => "rollback",
        }
    }
}

/// What stands before the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) origin: Origin,
    pub(super) why: Why,
    /// The kinds a crawl had read to their end, as bits.
    pub(super) kinds: u8,
    /// When writing began, seconds since 1970 UTC. What is written may be newer, never older.
    pub(super) made_s: i64,
    pub(super) complete_since_s: i64,
    pub(super) last_crawl_s: i64,
    pub(super) last_sweep_s: i64,
    /// What the last full crawl cost, in the vendor's unit; 0 = not known.
    pub(super) crawl_cost: u64,
    /// As counted when writing began; changes may come in between.
    pub(super) numbers: u64,
    pub(super) records: u64,
    pub(super) users: u64,
    pub(super) unreadable: u64,
}

/// What a frame after the header holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Batch {
    Records(Vec<Stored>),
    Users(Vec<StoredUser>),
    Unreadable(Vec<StoredUnreadable>),
    /// The last one: how many records came before.
    End(u64),
}

/// The same, as format 1 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum NamelessBatch {
    Records(Vec<Nameless>),
    Users(Vec<StoredUser>),
    Unreadable(Vec<StoredUnreadable>),
    End(u64),
}

impl From<NamelessBatch> for Batch {
    fn from(batch: NamelessBatch) -> Self {
        match batch {
            NamelessBatch::Records(records) => Self::Records(records.into_iter().map(Stored::from).collect()),
            NamelessBatch::Users(users) => Self::Users(users),
            NamelessBatch::Unreadable(unreadable) => Self::Unreadable(unreadable),
            NamelessBatch::End(records) => Self::End(records),
        }
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damage {
    #[error("expected a snapshot of predial, found another file")]
    Other,
    #[error("expected format {NAMELESS} or {VERSION}, found {0}: written by a newer predial, or damaged")]
    Version(u32),
    #[error("expected frame {frame} to be as it was written, found it damaged: {how}")]
    Frame {
        /// Counted from the header, which is 0.
        frame: u32,
        how: &'static str,
    },
    #[error("expected {records} records, found {found}")]
    Count { records: u64, found: u64 },
    #[error("expected to read it to the end")]
    Io(#[from] io::Error),
}

/// Writes a snapshot.
pub(super) struct Writer<W> {
    out: W,
    sum: crc32fast::Hasher,
    payload: Vec<u8>,
    records: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(mut out: W, header: &Header) -> io::Result<Self> {
        let mut sum = crc32fast::Hasher::new();
        for part in [&MAGIC[..], &VERSION.to_le_bytes()] {
            out.write_all(part)?;
            sum.update(part);
        }
        let mut writer = Self { out, sum, payload: Vec::new(), records: 0 };
        writer.frame(header)?;
        Ok(writer)
    }

    /// Writes a batch. One without anything in it is left out.
    pub(super) fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        let many = match batch {
            Batch::Records(records) => records.len(),
            Batch::Users(users) => users.len(),
            Batch::Unreadable(unreadable) => unreadable.len(),
            Batch::End(_) => 1,
        };
        if let Batch::Records(records) = batch {
            self.records += records.len() as u64;
        }
        if many == 0 { Ok(()) } else { self.frame(batch) }
    }

    /// Writes the end; gives back what it was written to, with everything flushed.
    pub(super) fn end(mut self) -> io::Result<W> {
        self.batch(&Batch::End(self.records))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn frame(&mut self, what: &impl Serialize) -> io::Result<()> {
        self.payload.clear();
        self.payload = postcard::to_extend(what, std::mem::take(&mut self.payload)).map_err(io::Error::other)?;
        let length = u32::try_from(self.payload.len()).ok().filter(|&length| length <= MAX_FRAME);
        let length = length.ok_or_else(|| io::Error::other("expected a frame of at most 64 MiB, found more"))?;
        for part in [&length.to_le_bytes()[..], &self.payload] {
            self.out.write_all(part)?;
            self.sum.update(part);
        }
        self.out.write_all(&self.sum.clone().finalize().to_le_bytes())
    }
}

/// Reads a snapshot.
#[derive(Debug)]
pub(super) struct Reader<R> {
    from: R,
    sum: crc32fast::Hasher,
    payload: Vec<u8>,
    frame: u32,
    records: u64,
    version: u32,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub(super) fn new(mut from: R) -> Result<(Header, Self), Damage> {
        let mut first = [0; MAGIC.len() + 4];
        from.read_exact(&mut first).map_err(|error| torn(error, Damage::Other))?;
        let (magic, version) = first.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(Damage::Other);
        }
        let version = version.iter().rev().fold(0, |version, &byte| version << 8 | u32::from(byte));
        if ![NAMELESS, VERSION].contains(&version) {
            return Err(Damage::Version(version));
        }
        let mut sum = crc32fast::Hasher::new();
        sum.update(&first);
        let mut reader = Self { from, sum, payload: Vec::new(), frame: 0, records: 0, version };
        let header = reader.read()?;
        Ok((header, reader))
    }

    /// Whether nobody in it has a name, because nobody's was kept.
    pub(super) fn is_nameless(&self) -> bool {
        self.version == NAMELESS
    }

    /// The next batch; `None` after the end, which has to be the end of the file as well.
    pub(super) fn batch(&mut self) -> Result<Option<Batch>, Damage> {
        let batch = if self.is_nameless() { self.read::<NamelessBatch>()?.into() } else { self.read()? };
        match &batch {
            Batch::Records(records) => self.records += records.len() as u64,
            Batch::Users(_) | Batch::Unreadable(_) => {}
            Batch::End(records) => {
                if *records != self.records {
                    return Err(Damage::Count { records: *records, found: self.records });
                }
                return match self.from.read(&mut [0])? {
                    0 => Ok(None),
                    _ => Err(self.damaged("something follows the end")),
                };
            }
        }
        Ok(Some(batch))
    }

    fn read<T: DeserializeOwned>(&mut self) -> Result<T, Damage> {
        let length = self.integer()?;
        if length > MAX_FRAME {
            return Err(self.damaged("it is longer than any frame"));
        }
        self.sum.update(&length.to_le_bytes());
        self.payload.clear();
        // Grows with what is there: a length that is wrong makes no room for what is not.
        let read = (&mut self.from).take(u64::from(length)).read_to_end(&mut self.payload)?;
        if read as u64 != u64::from(length) {
            return Err(self.damaged("the file ends within it"));
        }
        self.sum.update(&self.payload);
        if self.integer()? != self.sum.clone().finalize() {
            return Err(self.damaged("its checksum is another"));
        }
        let told = postcard::take_from_bytes(&self.payload);
        let Ok((value, [])) = told else { return Err(self.damaged("it holds something else")) };
        self.frame += 1;
        Ok(value)
    }

    fn integer(&mut self) -> Result<u32, Damage> {
        let mut bytes = [0; 4];
        self.from.read_exact(&mut bytes).map_err(|error| torn(error, self.damaged("the file ends within it")))?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn damaged(&self, how: &'static str) -> Damage {
        Damage::Frame { frame: self.frame, how }
    }
}

/// A file that ends too early is damaged; one that cannot be read may be whole.
fn torn(error: io::Error, damage: Damage) -> Damage {
    if error.kind() == io::ErrorKind::UnexpectedEof { damage } else { Damage::Io(error) }
}
