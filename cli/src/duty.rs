//! Who is on duty, and who took a call.
//!
//! Guarantees that an address is no argument, and is shown only where the rota is listed. Leaves the rules to the node.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::sensitive::Sensitive;
use uput_core::wire::{self, DutyChannel};

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reading;
use crate::reference::Reference;
use crate::refusal;
use crate::request::hex;

/// Days as the command line names them.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What to do.
#[derive(Subcommand)]
pub(crate) enum DutyCommand {
    /// Put somebody on duty, or declare a holiday
    Set(SetArgs),
    /// List the rota, with addresses, and when nobody is on duty
    List(ListArgs),
    /// Take a duty off the rota; its address is destroyed
    Remove(RemoveArgs),
    /// Show who is on duty now
    #[command(after_help = "Examples:
  uput duty now
  uput duty now --json | jq -r '.on_duty[0].name'")]
    Now,
    /// Say that you see to what waits in a trail: nobody else is woken for it
    Take(TakeArgs),
}

/// Who, when and how.
#[derive(Args)]
#[command(group = ArgGroup::new("when").required(true).args(["days", "starts"]), after_help = "Examples:
  uput duty set --account 5c1f09aa --days mon,tue,sat --hours 22:00-06:00 --channel sms --address-file number.txt
  uput duty set --account 5c1f09aa --order 2 --starts \"2026-12-24 18:00\" --ends \"2026-12-25 08:00\" --channel email
  uput duty set --holiday --starts 2026-12-25T00:00+01:00 --ends 2026-12-26T00:00+01:00")]
pub(crate) struct SetArgs {
    /// ID of the account, or its first 8 digits
    #[arg(long, required_unless_present = "holiday", conflicts_with = "holiday")]
    account: Option<Reference>,
    /// Who is called first: 1 to 9
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=9))]
    order: u32,
    /// Each week on these days: mon, tue, wed, thu, fri, sat, sun
    #[arg(long, value_name = "DAYS", value_delimiter = ',', value_parser = day, requires = "hours")]
    days: Vec<u32>,
    /// From when until when, in the organisation's time zone; an earlier end is on the next day
    #[arg(long, value_name = "HH:MM-HH:MM", value_parser = hours, requires = "days")]
    hours: Option<(u32, u32)>,
    /// Once: from when
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future, requires = "ends")]
    starts: Option<u64>,
    /// Once: until when
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future, requires = "starts")]
    ends: Option<u64>,
    /// Nobody's: no weekly duty holds meanwhile
    #[arg(long, requires = "starts", conflicts_with_all = ["days", "channel", "address_file"])]
    holiday: bool,
    /// How
    #[arg(long, value_parser = code::parser::<DutyChannel>(), required_unless_present = "holiday")]
    channel: Option<DutyChannel>,
    /// File whose first line is the number or address; `-` reads standard input; asked for where it is left out
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
    /// A duty that goes in the same step: its ID, or its first 8 digits
    #[arg(long, value_name = "DUTY")]
    instead_of: Option<Reference>,
}

/// How far ahead.
#[derive(Args)]
#[command(after_help = "Examples:
  uput duty list
  uput duty list --ahead 60 --json | jq '.gaps'")]
pub(crate) struct ListArgs {
    /// For how many days gaps are looked for
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=92))]
    ahead: u32,
}

/// Which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput duty remove 77e01b42 --yes")]
pub(crate) struct RemoveArgs {
    /// ID of the duty, or its first 8 digits
    duty: Reference,
}

/// Which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput duty take 3f9a1c20")]
pub(crate) struct TakeArgs {
    /// The trail's ID, or at least its first 8 digits
    trail: Reference,
}

impl DutyCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Set(args) => args.run(options).await,
            Self::List(args) => args.run(options).await,
            Self::Remove(args) => args.run(options).await,
            Self::Now => now(options).await,
            Self::Take(args) => args.run(options).await,
        }
    }
}

impl SetArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let address = if self.holiday { Sensitive::new(String::new()) } else { self.address(options)? };
        let node = Node::connect(options).await?;
        let duty = wire::Duty {
            account: self.account.as_ref().map(Reference::bytes).unwrap_or_default(),
            order: if self.holiday { 0 } else { self.order },
            when: self.when(),
            channel: self.channel.map_or(0, |channel| channel as i32),
            // Exposed to be sent to this organisation's own node, inside TLS.
            address: address.expose().clone(),
            ..wire::Duty::default()
        };
        let replaces = self.instead_of.as_ref().map(Reference::bytes).unwrap_or_default();
        let request = wire::SetDutyRequest { duty: Some(duty), replaces };
        let answer = node.on_call().set_duty(request).await.map_err(|status| refusal::of(&status))?;
        let duty = DutyView::of(answer.into_inner().duty.unwrap_or_default());
        let mut page = Page::default();
        page.table(HEADING, std::iter::once(duty.row()));
        Answer::new(&json!({ "duty": duty }), page)
    }

    fn when(&self) -> Option<wire::duty::When> {
        let once = self.starts.zip(self.ends).map(|(from, until)| wire::SingleDuty { from, until });
        match (once, self.hours) {
            (Some(once), _) if self.holiday => Some(wire::duty::When::Holiday(once)),
            (Some(once), _) => Some(wire::duty::When::Single(once)),
            (None, Some((from, until))) => {
                let mut days = self.days.clone();
                days.sort_unstable();
                days.dedup();
                Some(wire::duty::When::Weekly(wire::WeeklyDuty { days, from, until }))
            }
            (None, None) => None,
        }
    }

    fn address(&self, options: &Options) -> Result<Sensitive<String>, Failure> {
        let text = match &self.address_file {
            Some(path) => reading::text(path)?,
            None if prompt::possible(options) => prompt::line("number or address: ")?,
            None => {
                return Err(Failure::usage(
                    "no address was given",
                    "give --address-file FILE, or - for standard input",
                ));
            }
        };
        Ok(Sensitive::new(text.expose().lines().next().unwrap_or_default().trim().to_owned()))
    }
}

impl ListArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::ListDutyRequest { days: self.ahead };
        let answer = node.on_call().list_duty(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let duties: Vec<DutyView> = answer.duties.into_iter().map(DutyView::of).collect();
        let mut page = Page::default();
        page.table(HEADING, duties.iter().map(DutyView::row));
        page.line(format!("Weekly hours are those of {}.", answer.zone));
        say_gaps(&answer.gaps, &mut page);
        let gaps: Vec<GapView> = answer.gaps.iter().map(GapView::of).collect();
        Answer::new(&json!({ "duties": duties, "gaps": gaps, "zone": answer.zone }), page)
    }
}

impl RemoveArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "Take this duty off the rota, and destroy its address?")?;
        let node = Node::connect(options).await?;
        let request = wire::RemoveDutyRequest { duty: self.duty.bytes() };
        node.on_call().remove_duty(request).await.map_err(|status| refusal::of(&status))?;
        let mut page = Page::default();
        page.line("It is gone; look for gaps with: uput duty list");
        Answer::new(&json!({ "removed": true }), page)
    }
}

impl TakeArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::TakeCallRequest { trail: self.trail.bytes() };
        node.on_call().take_call(request).await.map_err(|status| refusal::of(&status))?;
        let mut page = Page::default();
        page.line("Nobody else is woken for what waits there now. Acknowledge it when you have read it.");
        Answer::new(&json!({ "taken": true }), page)
    }
}

async fn now(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let request = wire::GetOnCallRequest {};
    let answer = node.on_call().get_on_call(request).await.map_err(|status| refusal::of(&status))?.into_inner();
    let on_duty: Vec<OnDutyView> = answer.on_duty.into_iter().map(OnDutyView::of).collect();
    let mut page = Page::default();
    if on_duty.is_empty() {
        page.line("Nobody is on duty now.");
    } else {
        page.table(["ORDER", "NAME", "ACCOUNT", "BY"], on_duty.iter().map(OnDutyView::row));
    }
    say_gaps(&answer.gaps, &mut page);
    let gaps: Vec<GapView> = answer.gaps.iter().map(GapView::of).collect();
    Answer::new(&json!({ "on_duty": on_duty, "gaps": gaps, "zone": answer.zone }), page)
}

fn say_gaps(gaps: &[wire::DutyGap], page: &mut Page) {
    for gap in gaps {
        page.line(format!("NOBODY is on duty {} to {}", moment::local(gap.from), moment::local(gap.until)));
    }
}

const HEADING: [&str; 6] = ["DUTY", "ORDER", "ACCOUNT", "WHEN", "BY", "ADDRESS"];

/// A line of the rota.
#[derive(Serialize)]
struct DutyView {
    duty: String,
    account: Option<String>,
    order: u32,
    kind: &'static str,
    days: Vec<&'static str>,
    hours: Option<String>,
    from: Option<String>,
    until: Option<String>,
    channel: Option<String>,
    address: String,
    created: Option<String>,
    created_by: Option<String>,
    #[serde(skip)]
    shown: String,
}

#[derive(Serialize)]
struct GapView {
    from: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct OnDutyView {
    account: String,
    name: String,
    order: u32,
    channel: Option<String>,
}

impl DutyView {
    fn of(duty: wire::Duty) -> Self {
        use wire::duty::When::{Holiday, Single, Weekly};
        let (mut days, mut hours, mut once) = (Vec::new(), None, None);
        let kind = match duty.when {
            Some(Weekly(weekly)) => {
                days = weekly.days.iter().filter_map(|day| DAYS.get(day.checked_sub(1)? as usize).copied()).collect();
                hours = Some(format!("{}-{}", clock(weekly.from), clock(weekly.until)));
                "weekly"
            }
            Some(Single(single)) => {
                once = Some(single);
                "single"
            }
            Some(Holiday(holiday)) => {
                once = Some(holiday);
                "holiday"
            }
            None => "unknown",
        };
        let weekly = || format!("{} {}", days.join(","), hours.as_deref().unwrap_or_default());
        let shown = once
            .as_ref()
            .map_or_else(weekly, |once| format!("{} to {}", moment::local(once.from), moment::local(once.until)));
        Self {
            duty: hex(&duty.duty),
            account: Some(hex(&duty.account)).filter(|id| !id.is_empty()),
            order: duty.order,
            kind,
            days,
            hours,
            from: once.as_ref().and_then(|once| moment::utc(once.from)),
            until: once.as_ref().and_then(|once| moment::utc(once.until)),
            channel: word_of::<DutyChannel>(duty.channel),
            // Shown to the supervisor who asked for it.
            address: duty.address,
            created: moment::utc(duty.created),
            created_by: Some(hex(&duty.created_by)).filter(|id| !id.is_empty()),
            shown,
        }
    }

    fn row(&self) -> [String; 6] {
        let short = |id: &str| id.get(..8).unwrap_or_default().to_owned();
        [
            short(&self.duty),
            if self.order == 0 { String::new() } else { self.order.to_string() },
            self.account.as_deref().map_or_else(|| "nobody: a holiday".to_owned(), short),
            self.shown.clone(),
            label::of_some::<DutyChannel>(self.channel.as_ref()),
            self.address.clone(),
        ]
    }
}

impl GapView {
    fn of(gap: &wire::DutyGap) -> Self {
        Self { from: moment::utc(gap.from), until: moment::utc(gap.until) }
    }
}

impl OnDutyView {
    fn of(person: wire::OnDuty) -> Self {
        Self {
            account: hex(&person.account),
            name: person.name,
            order: person.order,
            channel: word_of::<DutyChannel>(person.channel),
        }
    }

    fn row(&self) -> [String; 4] {
        let short = self.account.get(..8).unwrap_or_default().to_owned();
        [self.order.to_string(), self.name.clone(), short, label::of_some::<DutyChannel>(self.channel.as_ref())]
    }
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// 1 Monday to 7 Sunday.
fn day(text: &str) -> Result<u32, String> {
    let place = DAYS.iter().position(|day| *day == text.to_ascii_lowercase());
    let number = place.and_then(|place| u32::try_from(place).ok());
    number.map(|number| number + 1).ok_or_else(|| format!("give {}", DAYS.join(", ")))
}

/// Minutes since midnight, both.
fn hours(text: &str) -> Result<(u32, u32), String> {
    let minutes = |text: &str, last: u32| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
        let at = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && at <= last).then_some(at)
    };
    let both = text.split_once('-').and_then(|(from, until)| Some((minutes(from, 1439)?, minutes(until, 1440)?)));
    both.ok_or_else(|| "give hours like 22:00-06:00; 00:00-24:00 is the whole day".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read_as_people_write_them() {
        assert_eq!((day("mon"), day("Sun")), (Ok(1), Ok(7)));
        assert!(day("monday").is_err());
        assert_eq!(hours("22:00-06:00"), Ok((1320, 360)));
        assert_eq!(hours("00:00-24:00"), Ok((0, 1440)));
        for bad in ["", "22-6", "24:00-06:00", "22:60-06:00", "22:00-24:01", "22:00"] {
            assert!(hours(bad).is_err(), "{bad}");
        }
    }
}
