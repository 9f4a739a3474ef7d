//! Two versions of an agreement, clause by clause, for those who are asked to sign the newer one.

use clap::Args;
use serde_json::{Value, json};
use uput_core::agreement::{Agreement, Change, Effect, Succession};
use uput_core::id::OrgId;

use crate::agreement::source::NamesArgs;
use crate::agreement::subject::Subject;
use crate::args::Options;
use crate::failure::Failure;
use crate::label;
use crate::output::{Answer, Page};

/// Which two.
#[derive(Args)]
#[command(after_help = "Examples:
  uput agreement diff 5c3e1f02 newer.toml
  uput agreement diff older.toml newer.toml
  uput agreement diff 5c3e1f02 newer.toml --json | jq '.changes[].loosened'")]
pub(crate) struct DiffArgs {
    /// The older version: an ID, or a file
    #[arg(value_name = "OLD")]
    older: Subject,
    /// The newer version
    #[arg(value_name = "NEW")]
    newer: Subject,
    #[command(flatten)]
    names: NamesArgs,
}

impl DiffArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let older = self.older.read(options, &self.names.peers).await?;
        let newer = self.newer.read(options, &self.names.peers).await?;
        let (older, newer) = (&older.agreement, &newer.agreement);
        let (changes, succession) = (newer.changes_since(older), newer.succession(older));
        let mut page = Page::default();
        if changes.is_empty() {
            page.line("Both say the same.");
        }
        changes.iter().for_each(|change| describe(change, &mut page));
        page.line("");
        succeed(older, newer, &succession, &mut page);
        label::explain(&mut page);
        let shown: Vec<Value> = changes.iter().map(shown).collect();
        let ids = |list: &[OrgId]| list.iter().map(OrgId::to_string).collect::<Vec<_>>();
        let Succession { follows, stay, threshold, sign, join, stay_behind, suspended } = &succession;
        let body = json!({
            "changes": shown,
            "amends": newer.may_amend(older),
            "follows": follows,
            "stay": stay,
            "threshold": threshold,
            "sign": ids(sign),
            "join": ids(join),
            "stay_behind": ids(stay_behind),
            "suspended": ids(suspended),
        });
        Answer::new(&body, page)
    }
}

fn describe(change: &Change, page: &mut Page) {
    change.before.iter().for_each(|sentence| page.line(format!("- {sentence}")));
    change.after.iter().for_each(|sentence| page.line(format!("+ {sentence}")));
    for effect in &change.effects {
        page.line(match effect {
            Effect::Loosened(what) => format!("  loosened: {what}"),
            Effect::Tightened(what) => format!("  tightened: {what}"),
        });
    }
}

fn shown(change: &Change) -> Value {
    let (mut loosened, mut tightened) = (Vec::new(), Vec::new());
    for effect in &change.effects {
        match effect {
            Effect::Loosened(what) => loosened.push(what),
            Effect::Tightened(what) => tightened.push(what),
        }
    }
    json!({ "before": change.before, "after": change.after, "loosened": loosened, "tightened": tightened })
}

/// Who must sign, and what becomes of whom. [AGR-43]
fn succeed(older: &Agreement, newer: &Agreement, succession: &Succession, page: &mut Page) {
    let Succession { follows, stay, threshold, sign, join, stay_behind, suspended } = succession;
    let name = |organisation: &OrgId| {
        let party = newer.party(organisation).or_else(|| older.party(organisation));
        party.map_or_else(|| organisation.to_string(), |party| party.name.clone())
    };
    sign.iter().for_each(|party| page.pair("must sign", name(party)));
    join.iter().for_each(|party| page.pair("joins", name(party)));
    suspended.iter().for_each(|party| page.pair("suspended", name(party)));
    stay_behind.iter().for_each(|party| page.pair("stays behind", format!("{}, under the older version", name(party))));
    let enough = usize::try_from(*threshold).is_ok_and(|threshold| *stay >= threshold);
    page.line(match (follows, enough) {
        (true, true) => format!("It amends the older version: {stay} of its parties stay, and it takes {threshold}."),
        (true, false) => {
            format!("It does not amend the older version: {stay} of its parties stay, and it takes {threshold}.")
        }
        (false, _) => "It does not follow the older version: its number or what it names is another one.".to_owned(),
    });
}
