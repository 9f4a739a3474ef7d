//! What can be wrong, where, how bad it is, and what to do. [RST-11]

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// In order.
    Ok,
    /// Somebody should look at it.
    Warning,
    /// Something must be done now.
    Error,
}

impl Level {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Whose folder it is, and who has it open.
    Folder,
    /// `uput.toml`.
    Configuration,
    /// `node.key` and what was prepared.
    KeyFile,
    /// `head`.
    Head,
    /// `journal`.
    Journal,
    /// `keybook`.
    KeyBook,
    /// `quarantine`.
    Quarantine,
    /// `RESERVE`, and what is free.
    Disk,
    /// Pages of memory on a disk.
    Memory,
}

impl Area {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Configuration => "configuration",
            Self::KeyFile => "key-file",
            Self::Head => "head",
            Self::Journal => "journal",
            Self::KeyBook => "key-book",
            Self::Quarantine => "quarantine",
            Self::Disk => "disk",
            Self::Memory => "memory",
        }
    }
}

/// Declares each reason with its area, level, code and remedy: one row each, so that none is without.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident: $area:ident, $level:ident, $code:literal, $remedy:literal;)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// For programs: never changed once published.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Where.
            #[must_use]
            pub const fn area(self) -> Area {
                match self { $(Self::$name => Area::$area,)* }
            }

            /// How bad.
            #[must_use]
            pub const fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)* }
            }

            /// What to do.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

reasons! {
    /// No `FORMAT`.
    FormatMissing: Folder, Error, "format-missing",
        "look whether this is the right folder; if it is, restore it from the newest backup";
    /// Somebody else's `FORMAT`.
    FormatForeign: Folder, Error, "format-foreign", "name the folder of the node";
    /// A later format.
    FormatNewer: Folder, Error, "format-newer", "use the version of uputd that wrote this folder, or a later one";
    /// An earlier format. [UPG-6]
    FormatOlder: Folder, Warning, "format-older", "make a backup, then start the node, which takes the folder over";
    /// A `FORMAT` that is not as it was written.
    FormatDamaged: Folder, Error, "format-damaged", "restore it from the newest backup: without it no key fits";
    /// Others may look into the folder.
    FolderOpen: Folder, Warning, "folder-open", "run `chmod 700` on the folder, and ask who has looked into it";
    /// A program has it open.
    InUse: Folder, Warning, "in-use", "ask the node that runs: `uput node doctor`; or stop it, and look again";
    /// A file that is there cannot be read.
    Unreadable: Folder, Error, "unreadable", "run this as the user of the node; if it stays so, the disk fails: copy the folder at once";
    /// No `uput.toml`.
    ConfigurationMissing: Configuration, Warning, "configuration-missing",
        "write one anew (specs/interface.md), if it does not lie elsewhere";
    /// A `uput.toml` that cannot be used.
    ConfigurationBroken: Configuration, Error, "configuration-broken", "mend the line that is named";
    /// No `node.key`.
    KeyMissing: KeyFile, Error, "key-missing",
        "bring it back from the backup; if it is a credential of systemd, look at LoadCredential";
    /// A `node.key` that is not as it was written.
    KeyBroken: KeyFile, Error, "key-broken", "bring it back from the backup; nothing else opens this folder";
    /// Others may read `node.key`.
    KeyOpen: KeyFile, Warning, "key-open", "run `chmod 600` on the key files, and ask who has read them";
    /// A `node.key.next` that is not as it was written.
    NextBroken: KeyFile, Warning, "next-broken",
        "delete it if no record was installed since; then prepare the keys again: `uput key prepare`";
    /// A key file that was half written.
    KeyHalf: KeyFile, Warning, "key-half", "run `uputd lock` or `uputd unlock` again, or prepare the keys again: that destroys it";
    /// No `head`.
    HeadMissing: Head, Error, "head-missing", "restore the folder from the newest backup";
    /// A `head` of another length.
    HeadLength: Head, Warning, "head-length", "start the node, which writes it anew, and look at the disk";
    /// A slot of which one copy is lost.
    HeadCopy: Head, Warning, "head-copy", "start the node, which writes it anew, and look at the disk";
    /// A slot of which both are.
    HeadSlot: Head, Warning, "head-slot", "make a copy of the folder, then start the node; look at the disk";
    /// No slot can be read.
    HeadUnreadable: Head, Error, "head-unreadable", "restore the folder from the newest backup";
    /// No journal at all.
    JournalMissing: Journal, Error, "journal-missing", "restore the folder from the newest backup";
    /// A segment is missing, and later ones are there.
    SegmentGap: Journal, Error, "segment-gap", "bring the segment back from a backup";
    /// A segment's beginning is not its own.
    SegmentHeader: Journal, Error, "segment-header", "bring the segment back from a backup";
    /// A segment ends in the middle, or its lengths lead nowhere.
    SegmentCut: Journal, Error, "segment-cut", "bring the segment back from a backup";
    /// A segment's bytes are others than were hashed.
    SegmentChanged: Journal, Error, "segment-changed", "bring the segment back from a backup, and replace the disk";
    /// Everything that is there is whole, and it is less than was acknowledged.
    JournalShort: Journal, Error, "journal-short", "bring the last segment back from a backup";
    /// Records that a newer program wrote and that this one must not pass over.
    RecordsNewer: Journal, Error, "records-newer", "use the version of uputd that wrote this folder, or a later one";
    /// Records that a newer program wrote and that this one keeps and does not show.
    RecordsParked: Journal, Warning, "records-parked", "use the version of uputd that wrote them, or a later one, to see what they say";
    /// No key of the key book.
    BookKeyMissing: KeyBook, Error, "book-key-missing", "bring it back from the newest backup";
    /// A key of the key book that is not one.
    BookKeyBroken: KeyBook, Error, "book-key-broken", "bring it back from the newest backup";
    /// No book beside its key.
    BookMissing: KeyBook, Error, "book-missing", "bring it back from the newest backup";
    /// An older or later book than the head knows.
    BookGeneration: KeyBook, Error, "book-generation",
        "a part of the folder was put back to another day: restore all of it from one backup";
    /// A book that is shorter than was acknowledged.
    BookShort: KeyBook, Error, "book-short", "bring it back from the newest backup";
    /// A book whose bytes are others than were hashed.
    BookChanged: KeyBook, Error, "book-changed", "bring it back from the newest backup, and replace the disk";
    /// The key of an older book is still there.
    BookOlder: KeyBook, Warning, "book-older", "start the node: it finishes the erasure that was cut off";
    /// Something was damaged before.
    Quarantined: Quarantine, Warning, "quarantined",
        "find out why, and look at the disk; then move what lies there to a safe place";
    /// No `RESERVE`.
    ReserveMissing: Disk, Warning, "reserve-missing", "start the node, which makes it anew";
    /// The reserve was given back.
    ReserveGiven: Disk, Warning, "reserve-given", "the disk was full: free space, and start the node";
    /// Little is free.
    SpaceLow: Disk, Warning, "space-low", "free space before the node must stop taking anything in";
    /// Nearly nothing is free.
    SpaceGone: Disk, Error, "space-gone", "free space: the node takes nothing in";
    /// The folder is about to reach its bound.
    QuotaNear: Disk, Warning, "quota-near", "raise quota_mib, or run `uputd index rebuild`, before the node must stop";
    /// The folder has reached its bound.
    QuotaReached: Disk, Error, "quota-reached", "raise quota_mib, or run `uputd index rebuild`: the node takes nothing in";
    /// Pages may go to a disk in the clear.
    SwapInClear: Memory, Warning, "swap-in-clear",
        "switch swap off (`swapoff -a`), encrypt it, or give the service LimitMEMLOCK=infinity";
}
