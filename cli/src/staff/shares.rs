//! Shares of a staff key: splitting one's own, giving a colleague theirs back, and joining one's own.
//!
//! Guarantees that each share is sealed to one colleague before it leaves this program, and that a key is written only
//! when it is the one that was lost. [STF-22] [STF-23] [STF-24]

use clap::Args;
use serde_json::json;
use uput_core::id::KeyId;
use uput_core::key::SealingSecret;
use uput_core::staff::{self, Place, Share, ShareDigest, Sharing, Unjoined};
use uput_core::wire::{self, StaffKeyState};

use crate::access::Node;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{hex, random};
use crate::staff::readers::{self, System};
use crate::staff::ring::{self, KeyArgs};

/// Among whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff share --needed 2 --among 3
  uput staff share --with 5b1c09aa --with 77e01b42 --with 90b2c4d6")]
pub(crate) struct ShareArgs {
    /// How many colleagues bring the key back; left out: what the organisation says, else 2
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(2..=16))]
    needed: Option<u8>,
    /// Among how many it is split; left out: what the organisation says, else 3
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(2..=16))]
    among: Option<u8>,
    /// A colleague's key, or its first 8 digits; may be given again. Left out: drawn among those that count
    #[arg(long, value_name = "ID")]
    with: Vec<Reference>,
    #[command(flatten)]
    keys: KeyArgs,
}

/// To whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff give 5b1c09aa2e4d6f8011223344556677ab --yes")]
pub(crate) struct GiveArgs {
    /// At least 32 digits of your colleague's new key, as they read them out to you
    #[arg(value_name = "ID")]
    new: Reference,
    #[command(flatten)]
    keys: KeyArgs,
}

/// With what.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff recover")]
pub(crate) struct RecoverArgs {
    #[command(flatten)]
    keys: KeyArgs,
}

impl ShareArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let keys = ring::all(&node).await?;
        let newest = keys.iter().rfind(|key| key.own).ok_or_else(super::no_key)?;
        let ring = self.keys.own(options)?;
        let secret = ring.secret(&newest.key).ok_or_else(super::no_key)?;
        let sharing = self.sharing(&node).await?;
        let holders = self.holders(&keys, sharing)?;
        let shares = staff::split(secret, sharing, &mut System).map_err(|_| super::unsealed())?;
        let sealed = shares.iter().zip(&holders).map(|(share, holder)| seal(secret, share, holder));
        let request = wire::ShareStaffKeyRequest {
            key: newest.key.clone(),
            needed: sharing.needed().into(),
            shares: sealed.collect::<Result<_, _>>()?,
            proof: ring.proof_of(newest, &secret.id()).ok_or_else(super::no_key)?,
        };
        node.staff().share_staff_key(request).await.map_err(|status| refusal::of(&status))?;
        let names: Vec<&str> = holders.iter().map(|holder| holder.name.as_str()).collect();
        let mut page = Page::default();
        page.pair("key", hex(&newest.key));
        page.pair("comes back by", format!("{} of {}", sharing.needed(), sharing.made()));
        names.iter().for_each(|name| page.pair("held by", name));
        let body =
            json!({ "key": hex(&newest.key), "needed": sharing.needed(), "made": sharing.made(), "held_by": names });
        Answer::new(&body, page)
    }

    async fn sharing(&self, node: &Node) -> Result<Sharing, Failure> {
        let said = node.staff().get_sealing(wire::GetSealingRequest {}).await;
        let said = said.map_err(|status| refusal::of(&status))?.into_inner();
        let wanted = |number: u32, other: u8| if number == 0 { other } else { u8::try_from(number).unwrap_or(other) };
        let made = if self.with.is_empty() { 3 } else { u8::try_from(self.with.len()).unwrap_or(u8::MAX) };
        let (needed, made) =
            (self.needed.unwrap_or(wanted(said.needed, 2)), self.among.unwrap_or(wanted(said.made, made)));
        Sharing::new(needed, made)
            .map_err(|_| Failure::usage("more would be needed than there are", "give --needed and --among, 2 to 16"))
    }

    /// Those who were named, or as many as it takes, drawn among all whose key counts.
    fn holders(&self, keys: &[wire::StaffKey], sharing: Sharing) -> Result<Vec<wire::StaffKey>, Failure> {
        let current = |key: &&wire::StaffKey| key.state() == StaffKeyState::Current && !key.own && key.team.is_empty();
        let mut others: Vec<wire::StaffKey> = keys.iter().filter(current).cloned().collect();
        if self.with.is_empty() {
            shuffle(&mut others)?;
            others.truncate(usize::from(sharing.made()));
        } else {
            others.retain(|key| self.with.iter().any(|named| named.names(&key.key)));
        }
        if others.len() == usize::from(sharing.made()) {
            return Ok(others);
        }
        let found =
            format!("{} colleagues with a key that counts were found, {} are needed", others.len(), sharing.made());
        Err(Failure::new(Exit::Failed, "NO_STAFF_KEY", "the key was not split")
            .because(found)
            .next("see `uput staff list`"))
    }
}

impl GiveArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let held = list(&node).await?.held;
        let matches = |share: &&wire::KeyShare| {
            share.newer.as_ref().is_some_and(|newer| self.new.names(&newer.key) && self.new.bytes().len() >= 16)
        };
        let share = held.iter().find(matches).ok_or_else(|| {
            Failure::new(Exit::Failed, "NO_STAFF_KEY", "you hold no share that this key is newer than")
                .because("at least 32 digits are needed, as its owner reads them out")
                .next("see `uput staff list`")
        })?;
        // What was compared, and not what the node says to be that.
        let newer = ring::public_of(share.newer.as_ref().ok_or_else(super::unsealed)?)?;
        let question = format!("Has {} read these digits out to you, in person or by telephone?", share.owner_name);
        prompt::confirm(options, &question)?;
        let ring = self.keys.own(options)?;
        let of = KeyId::parse(&share.key).map_err(|_| super::unsealed())?;
        let number = u8::try_from(share.number).map_err(|_| super::unsealed())?;
        let bytes = ring.open(&share.sealed, &Place::Share(of, number)).ok_or_else(super::no_key)?;
        let proof = ring.proof(&ring::all(&node).await?, &newer.id())?;
        let given =
            staff::seal(&newer, &Place::Given(of, number), &bytes, &mut System).map_err(|_| super::unsealed())?;
        let request = wire::GiveShareRequest { key: share.key.clone(), number: share.number, given, proof };
        let answer = node.staff().give_share(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let mut page = Page::default();
        page.pair("given to", &share.owner_name);
        page.pair("given so far", format!("{} of {} that are needed", answer.given, answer.needed));
        Answer::new(&json!({ "key": hex(&share.key), "given": answer.given, "needed": answer.needed }), page)
    }
}

impl RecoverArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let mut ring = self.keys.open(&node, options).await?;
        let own = list(&node).await?.own;
        let lost = own.iter().rfind(|share| !share.given.is_empty() && ring.secret(&share.key).is_none());
        let lost = lost.map(|share| share.key.clone()).ok_or_else(|| {
            Failure::new(Exit::Failed, "NO_STAFF_KEY", "no share of a lost key was given back to you")
                .next("make a new key, uput staff create, and read its digits out to colleagues: uput staff give")
        })?;
        let shares: Vec<&wire::KeyShare> = own.iter().filter(|share| share.key == lost).collect();
        let secret = join(&lost, &shares, &ring)?;
        let file = self.keys.write_older(&secret, options)?;
        ring.add(secret);
        let added = readers::add(&node, &ring, &[]).await?;
        let mut page = Page::default();
        page.pair("came back", hex(&lost));
        page.pair("written to", &file);
        page.pair("readers added", added.to_string());
        Answer::new(&json!({ "key": hex(&lost), "file": file, "added": added }), page)
    }
}

fn seal(secret: &SealingSecret, share: &Share, holder: &wire::StaffKey) -> Result<wire::KeyShare, Failure> {
    let to = ring::public_of(holder)?;
    // Exposed to be sealed to the colleague who holds it.
    let sealed = staff::seal(&to, &Place::Share(secret.id(), share.number), share.expose(), &mut System);
    Ok(wire::KeyShare {
        number: share.number.into(),
        holder: holder.key.clone(),
        sealed: sealed.map_err(|_| super::unsealed())?,
        digest: share.digest(&secret.id()).to_vec(),
        ..wire::KeyShare::default()
    })
}

/// The lost key, from the shares that were given back; else who gave a false one, or how many are missing.
fn join(lost: &[u8], shares: &[&wire::KeyShare], ring: &ring::Ring) -> Result<SealingSecret, Failure> {
    let of = KeyId::parse(lost).map_err(|_| super::unsealed())?;
    let number = |share: &wire::KeyShare| u8::try_from(share.number).unwrap_or(0);
    let given = shares.iter().filter_map(|share| {
        let bytes = ring.open(&share.given, &Place::Given(of, number(share)))?;
        Share::parse(number(share), &bytes).ok()
    });
    let given: Vec<Share> = given.collect();
    let sharing = shares.first().map(|share| (u8::try_from(share.needed), u8::try_from(share.made)));
    let Some((Ok(needed), Ok(made))) = sharing else { return Err(super::unsealed()) };
    let sharing = Sharing::new(needed, made).map_err(|_| super::unsealed())?;
    let digest = |wanted: u8| {
        let share = shares.iter().find(|share| number(share) == wanted)?;
        ShareDigest::parse(&share.digest).ok()
    };
    staff::join(&of, sharing, &given, digest).map_err(|unjoined| not_joined(&unjoined, shares))
}

fn not_joined(unjoined: &Unjoined, shares: &[&wire::KeyShare]) -> Failure {
    let failure = Failure::new(Exit::Failed, "NO_STAFF_KEY", "the key did not come back");
    match unjoined {
        Unjoined::TooFew { here, needed } => failure
            .because(format!("{here} shares are here, {needed} are needed"))
            .next("ask more colleagues: uput staff give, with the digits of your new key"),
        Unjoined::Wrong(numbers) => {
            let of = |number: &u8| shares.iter().find(|share| share.number == u32::from(*number));
            let names: Vec<&str> = numbers.iter().filter_map(of).map(|share| share.holder_name.as_str()).collect();
            failure
                .because(format!("what {} gave is not the share that was made", names.join(" and ")))
                .next("ask them to give it again, and other colleagues")
        }
        Unjoined::AnotherSecret => failure
            .because("the shares were made of something else than this key")
            .next("what was sealed to it stays closed to you; colleagues who can open it add your new key: uput staff readers"),
    }
}

async fn list(node: &Node) -> Result<wire::ListSharesResponse, Failure> {
    let answer = node.staff().list_shares(wire::ListSharesRequest {}).await;
    Ok(answer.map_err(|status| refusal::of(&status))?.into_inner())
}

/// Any order is as likely as any other.
fn shuffle<T>(list: &mut [T]) -> Result<(), Failure> {
    for at in (1..list.len()).rev() {
        let drawn = u64::from_be_bytes(random()?);
        let with = usize::try_from(drawn % (at as u64 + 1)).unwrap_or(0);
        list.swap(at, with);
    }
    Ok(())
}
