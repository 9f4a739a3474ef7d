//! Every way in which the protocol says no: one table.
//!
//! To a peer goes the number, to the operator the sentence, to a log never the content. `specs/rejections.tsv` is this
//! table as data. [REJ-1]

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of whoever made the bytes.
    Author,
    /// Of whoever brought them.
    Carrier,
    /// Of the local user's request.
    User,
    /// Of nobody: try again, or do what the sentence says.
    Nobody,
}

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $code:literal, $fault:ident, $sentence:literal;)*) => {
        /// Why something is not accepted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
        pub enum Rejection {
            $($(#[$doc])* #[error($sentence)] $name,)*
        }

        impl Rejection {
            /// Every rejection, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number that is sent to a peer.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self { $(Self::$name => $number),* }
            }

            /// The name in the table, for machines.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn fault(self) -> Fault {
                match self { $(Self::$name => Fault::$fault),* }
            }
        }
    };
}

rejections! {
    /// Bytes that do not parse, or a field outside its bounds.
    Malformed = 1, "MALFORMED", Author, "the message does not parse; ask its author to send it again with a current version";
    /// Bytes that parse but are not canonical.
    NotCanonical = 2, "NOT_CANONICAL", Author, "the message is not in canonical form; its author's software is faulty";
    /// More bytes than the limit.
    TooLarge = 3, "TOO_LARGE", Author, "the message is larger than the protocol allows; split it by event";
    /// A media type that is not expected here.
    WrongType = 4, "WRONG_TYPE", Author, "the message is of another type or version than expected here";
    /// A signature that does not verify.
    BadSignature = 5, "BAD_SIGNATURE", Author, "a signature does not verify; do not trust this message";
    /// Fewer or more signatures than the type demands.
    WrongSigners = 6, "WRONG_SIGNERS", Author, "the signatures are not those that this type demands";
    /// A public key that must not be admitted.
    WeakKey = 7, "WEAK_KEY", Author, "a public key is not canonical or of small order; it could make one signature valid for every message";
    /// A signer or key record that is not known here.
    UnknownSigner = 8, "UNKNOWN_SIGNER", Author, "the signer is not known here; exchange invitations and compare safety numbers first";
    /// A key that an organisation no longer uses.
    RevokedSigner = 9, "REVOKED_SIGNER", Author, "the signer has replaced this key; ask for its current key record";
    /// A key record that does not continue its chain.
    BrokenChain = 10, "BROKEN_CHAIN", Author, "the key records do not form one chain from the organisation's first record";
    /// Two successors of one key record.
    ForkedChain = 11, "FORKED_CHAIN", Author, "the organisation has two successors of one key record; compare safety numbers again before disclosing anything";
    /// A letter to somebody else.
    WrongRecipient = 12, "WRONG_RECIPIENT", Carrier, "the letter is for another organisation";
    /// A letter sealed to a key that is gone.
    StaleKey = 13, "STALE_KEY", Nobody, "the letter is sealed to a key that is gone; fetch the recipient's key records and seal it anew";
    /// A letter that does not open.
    NotSealedForUs = 14, "NOT_SEALED_FOR_US", Author, "the letter does not open with the key that it names";
    /// An event of another trail than stated, or of other parties.
    WrongTrail = 15, "WRONG_TRAIL", Author, "the event does not belong to this trail or to its two parties";
    /// An event whose predecessors are not here yet.
    MissingPredecessor = 16, "MISSING_PREDECESSOR", Nobody, "events before this one are missing; the sender must send them first";
    /// A number or predecessor that contradicts the author's chain.
    BrokenSequence = 17, "BROKEN_SEQUENCE", Author, "the event does not continue its author's chain";
    /// Two events with one author and number.
    Equivocation = 18, "EQUIVOCATION", Author, "the author has signed two different events with one number; both are kept as proof";
    /// An opening under an agreement that is not known here.
    UnknownAgreement = 19, "UNKNOWN_AGREEMENT", Nobody, "the agreement version is not known here; it must be sent and signed first";
    /// An agreement that not every party has signed.
    AgreementNotSigned = 20, "AGREEMENT_NOT_SIGNED", Nobody, "the agreement is not signed by all parties yet";
    /// An agreement past its end, or before its beginning.
    AgreementNotInForce = 21, "AGREEMENT_NOT_IN_FORCE", User, "the agreement is not in force now; openings and disclosures wait for a new version";
    /// A request that no rule of the agreement allows.
    NoRule = 22, "NO_RULE", User, "no rule of the agreement lets this sender ask this recipient for this";
    /// A label that profile, stage and basis do not allow.
    OutsideProfile = 23, "OUTSIDE_PROFILE", User, "a label is outside the profile for this recipient, stage and basis";
    /// A legal basis that the rule does not accept, or that lacks what it must carry.
    BasisNotAllowed = 24, "BASIS_NOT_ALLOWED", User, "the legal basis is not accepted by the rule, or lacks what it must carry";
    /// A label that is not in the catalogue.
    UnknownLabel = 25, "UNKNOWN_LABEL", User, "the label is not in the catalogue; what has no label must not travel";
    /// A value outside its label's type.
    BadValue = 26, "BAD_VALUE", User, "the value does not fit the type and bounds of its label";
    /// A step that the trail's state does not allow.
    StepNotAllowed = 27, "STEP_NOT_ALLOWED", User, "the trail's state does not allow this step now";
    /// A disclosure that does not open the slots it claims.
    BadDisclosure = 28, "BAD_DISCLOSURE", Author, "a disclosure does not match the commitments of its event";
    /// Evidence that is missing or does not prove what it must.
    BadEvidence = 29, "BAD_EVIDENCE", Author, "the evidence does not prove the decision";
    /// A newer version than this node can read.
    NeedsUpgrade = 30, "NEEDS_UPGRADE", Nobody, "the message is newer than this program; it is kept, upgrade to read it";
    /// No trail of that ID here.
    NoSuchTrail = 31, "NO_SUCH_TRAIL", User, "there is no such trail here";
    /// No organisation of that name or ID here.
    NoSuchPeer = 32, "NO_SUCH_PEER", User, "there is no such organisation here; see `uput peer list`";
    /// An organisation whose safety number was not compared.
    PeerNotConfirmed = 33, "PEER_NOT_CONFIRMED", User, "the safety number of this organisation has not been compared yet";
    /// An invitation that is unknown, used or expired.
    BadInvitation = 34, "BAD_INVITATION", Carrier, "the invitation is unknown, used or expired; ask for a new one";
    /// The disk is full.
    DiskFull = 35, "DISK_FULL", Nobody, "the disk is full; free space, nothing that was acknowledged is lost";
    /// The node's or the organisation's key is locked.
    KeyLocked = 36, "KEY_LOCKED", User, "the key is locked; give the passphrase";
    /// A passphrase that does not open the key.
    WrongPassphrase = 37, "WRONG_PASSPHRASE", User, "the passphrase does not open the key";
    /// A request that is too frequent.
    TooMany = 38, "TOO_MANY", Carrier, "too many requests; wait and try again";
    /// Text that is not what a source format demands.
    BadSource = 39, "BAD_SOURCE", User, "the file does not follow its format; the message names line and rule";
    /// A claimed time that is not a multiple of the agreement's grain.
    BadGrain = 40, "BAD_GRAIN", Author, "a claimed time is finer than the agreement allows";
    /// A call without a token, or with one that lets nobody in: why is not said.
    NotAuthenticated = 41, "NOT_AUTHENTICATED", User, "the token is missing or lets nobody in; ask whoever administers the node for a new access file";
    /// Own records that cannot be read now.
    ReadFailed = 42, "READ_FAILED", Nobody, "the node cannot read its own records now; nothing was refused, it is tried again";
    /// Nothing that the receiver needs, or more than it keeps of one organisation.
    NotKept = 43, "NOT_KEPT", Author, "the receiver does not need this, or it is more than it keeps of one organisation";
    /// A call that the account's role, or the token's scopes, do not include.
    NotPermitted = 44, "NOT_PERMITTED", User, "the role of this account, or the scope of its token, does not include this; see the table of roles";
    /// No account, or no token, of that ID here.
    NoSuchAccount = 45, "NO_SUCH_ACCOUNT", User, "there is no such account or token here; see `uput account list`";
    /// A case whose values nobody may see yet.
    CaseNotTaken = 46, "CASE_NOT_TAKEN", User, "nobody has this case yet, so its values are shown to nobody; take it first, or answer it";
    /// An act of two people, asked by one.
    NeedsApproval = 47, "NEEDS_APPROVAL", User, "this needs a second person: ask for an approval of exactly this request, and give its ID";
    /// An approval that does not let this happen: why is not said.
    BadApproval = 48, "BAD_APPROVAL", User, "that approval does not let this happen: it is not there, not decided, over, used, or of another request or person";
    /// A call that needs values which the node cannot read.
    SealedToStaff = 49, "SEALED_TO_STAFF", User, "the values are sealed to staff; the program of somebody who can open them must do this";
    /// Nobody's staff key that the values could be sealed to, or none of the caller's that opens them.
    NoStaffKey = 50, "NO_STAFF_KEY", Nobody, "nobody here has a staff key that counts for this; see `uput staff list`";
    /// A cursor that this node did not give to this account.
    BadCursor = 51, "BAD_CURSOR", User, "the cursor is not one that this node gave to this account; begin anew without one, and read what is there";
    /// A case that is not here, or not the caller's.
    NoSuchCase = 52, "NO_SUCH_CASE", User, "there is no such case here";
    /// A look at a record by somebody who does not have the case and does not say why.
    NeedsReason = 54, "NEEDS_REASON", User, "say why you look, with one of the codes of reasons: the case is not assigned to you, or how she is reached would be shown outside what she said is safe";
    /// Something about her would go to an organisation that she excluded.
    ExcludedOrganisation = 56, "EXCLUDED_ORGANISATION", User, "she excluded this organisation: nothing is opened or disclosed there";
    /// No duty of that ID here.
    NoSuchDuty = 60, "NO_SUCH_DUTY", User, "there is no such duty here; see `uput duty list`";
    /// Words that tell who she is, or where.
    WordsTellWho = 62, "WORDS_TELL_WHO", User, "the words tell who she is, or where; leave that out, or say knowingly that they do not";
    /// No override of that ID here, or none of a case that the caller sees.
    NoSuchOverride = 64, "NO_SUCH_OVERRIDE", User, "there is no such override here; see `uput overrides list`";
    /// A review by somebody who had a part in it, or of what was reviewed.
    NotToReview = 65, "NOT_TO_REVIEW", User, "a supervisor reviews it who had no part in it, once; a machine does not";
    /// More places would be promised than there are. [PLC-4]
    NoPlace = 66, "NO_PLACE", User, "so many places are not free; promise fewer, or more knowingly, with a reason";
    /// She would be named in one of several trails that ask the same. [CAS-81]
    ChooseFirst = 67, "CHOOSE_FIRST", User, "others were asked the same in this case and have not heard that she chose; choose first, or say why she is named beside them";
    /// A copy went to another organisation already. [ONW-4]
    CopyGiven = 68, "COPY_GIVEN", User, "this copy of what was signed of her went to another organisation already, and two who compare theirs would know her by it; ask its author for another one";
    /// Nothing of what is said is in what was signed. [ONW-3]
    NotAttested = 69, "NOT_ATTESTED", User, "nothing of what is said here is in what was signed of her; leave provenance out, or say it as it was signed";
    /// A watch whose reader did not take what it was told.
    TooSlow = 70, "TOO_SLOW", User, "the watch was cut because nobody took what it said; watch again from the last cursor";
    /// An opening that its act does not allow.
    NotOfThisAct = 80, "NOT_OF_THIS_ACT", User, "the act does not allow this: see in its table how far it goes, and whether it names an earlier trail with the same organisation";
    /// A version that another one has replaced between two parties.
    AgreementReplaced = 90, "AGREEMENT_REPLACED", User, "a later version has replaced this one between the two; open under that";
    /// A party that a version suspends.
    PartySuspended = 91, "PARTY_SUSPENDED", User, "a version of the agreement suspends one of the two; nothing new is opened or disclosed, what is open is brought to its end";
    /// A version that names one before and does not amend it.
    NotAnAmendment = 92, "NOT_AN_AMENDMENT", User, "the version does not amend the one before: too few of its parties stay, or this organisation has signed another version after it which this one does not give up";
    /// Who she is would rest on decisions that have ended. [EVT-31]
    DecisionEnded = 105, "DECISION_ENDED", User, "every decision on which who she is could be told has ended: cite the one that stands now, or wait for a yes";
    /// A path of a log that leads elsewhere.
    BadProof = 110, "BAD_PROOF", Author, "a log proof or path does not lead to the checkpoint that it names";
    /// A checkpoint behind the one that a witness keeps.
    StaleCheckpoint = 111, "STALE_CHECKPOINT", Carrier, "the checkpoint is older than one that this witness has cosigned, or its path begins elsewhere; send the newest with the path from the size that is named";
    /// Two checkpoints of one log that cannot both be.
    LogContradiction = 112, "LOG_CONTRADICTION", Author, "the log has signed two checkpoints that cannot both be; both are kept as proof";
    /// A checkpoint with more ticks than the clock allows.
    AheadOfClock = 113, "AHEAD_OF_CLOCK", Author, "the checkpoint counts more ticks than have passed; one of the two clocks is wrong";
    /// A log whose owner has other witnesses, or whose safety number nobody compared.
    NotAWitness = 118, "NOT_A_WITNESS", User, "this organisation is no witness of that log: compare safety numbers, or look whom its key record names";
    /// A key record whose secrets are not here.
    KeysNotHere = 126, "KEYS_NOT_HERE", User, "this node does not hold the secrets of the keys that the record names; prepare a record here, and have that one signed";
    /// Values that waited while what they were said for ended. [LET-20]
    EndedMeanwhile = 132, "ENDED_MEANWHILE", Nobody, "its values were not sent: what they were said for ended while they waited";
    /// Values that waited until their basis was over. [LET-20]
    BasisEnded = 133, "BASIS_ENDED", Nobody, "its values were not sent: the legal basis ended while they waited; say it again on one that holds";
    /// An act that does not say what it is for, or what happened. [AGR-70]
    WithoutContent = 134, "WITHOUT_CONTENT", User, "the act does not say what it is for, or what happened: give the labels that are named";
    /// What became of a task that is the other party's. [EVT-35]
    NotTheOwner = 135, "NOT_THE_OWNER", User, "the task is the other organisation's: what became of it, they say";
    /// The parties gave this version up. [AGR-77]
    VersionGivenUp = 137, "VERSION_GIVEN_UP", User, "its parties gave this version up by another one after the same version; open under that one";
    /// A trail of which nothing is kept any more. [RET-24]
    RetentionOver = 140, "RETENTION_OVER", Nobody, "what proves this trail was erased when its retention was over; nothing of it is shown or taken any more";
    /// A purge of what a hold keeps. [RET-13]
    OnHold = 141, "ON_HOLD", User, "a legal hold stands: nothing of it is destroyed; say `retained` with the article, or let two supervisors end the hold";
    /// A hold that is not there for whoever names it.
    NoSuchHold = 142, "NO_SUCH_HOLD", User, "no hold of that ID stands here; `uput hold list` shows those that do";
    /// An opening by a clock that most peers, or our own records, speak against. [TIM-87]
    ClockDoubted = 143, "CLOCK_DOUBTED", User, "the clock of this computer is doubted, and what is opened by it claims its time; set it, or open with `--despite-clock`, which is kept";
    /// What a witness put is no challenge that is answered here. [NOD-112]
    ChallengeRefused = 146, "CHALLENGE_REFUSED", Author, "what the witness put is not a challenge of a trail between the two, or cannot be opened any more; nothing was answered";
    /// A trail in which a restored node does not know yet what it had said. [BAK-52]
    NotResumed = 149, "NOT_RESUMED", Nobody, "this node was restored, and asks the other organisation where this trail stands; nothing is said in it before the answer; telephone";
    /// So much of one depositor for one recipient lies at the relay already. [RLY-4]
    MailboxFull = 154, "MAILBOX_FULL", Nobody, "the relay keeps no more letters of this organisation for that one now; what waits is left there when something was fetched";
    /// Nobody fetched a letter as long as the relay keeps one. [RLY-12]
    LetterExpired = 155, "LETTER_EXPIRED", Nobody, "nobody fetched the letter as long as the relay keeps one; it is left there again";
    /// The recipient takes letters of that author from no relay, or from another one. [RLY-2]
    RelayNotChosen = 156, "RELAY_NOT_CHOSEN", Carrier, "the recipient did not choose this relay for letters of that organisation: `uput relay use` there";
}

impl Rejection {
    /// The rejection of that number, if this version knows it.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|rejection| rejection.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_equals_the_specification() {
        let table =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/rejections.tsv")).unwrap();
        let ours: Vec<String> =
            Rejection::ALL.iter().map(|r| format!("{}\t{}\t{:?}\t{r}", r.number(), r.code(), r.fault())).collect();
        let kept: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(kept, ours);
    }

    #[test]
    fn numbers_are_unique() {
        for rejection in Rejection::ALL {
            assert_eq!(Rejection::from_number(rejection.number()), Some(*rejection));
        }
    }
}
