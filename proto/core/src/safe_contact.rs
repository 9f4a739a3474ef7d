//! What may be shown of how she is reached: by her word on the way and on the hours.
//!
//! Guarantees that a value of contact stays in an answer only if the way that was named is one it serves and one she said
//! is safe, at an hour she said is safe, and if nothing newer stands in its place; or if it was asked for outside that, and
//! then the answer says so. Leaves to the node to ask why and to record it, and to whoever opens sealed values to call this
//! again.

use std::collections::BTreeMap;

use crate::{
    catalogue::Label,
    rejection::Rejection,
    wire::{self, ContactChannel, ContactFit},
};

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// Headlines of a trail after which its receiver has no reason to reach her. [SAF-6]
const ENDINGS: [&str; 4] = ["withdrawn", "revoked", "misdirected", "chosen_elsewhere"];

/// A minute of the day by her clock, 0 to 1439; around a change of the clocks two: what it shows, and what it shows where nobody
/// changed it, or somebody did so before. [TIM-96]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HerMinute {
    shown: u16,
    otherwise: u16,
}

impl HerMinute {
    /// From an hour and a minute; none if there is no such time of day.
    #[must_use]
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        let shown = hour * 60 + minute;
        (hour < 24 && minute < 60).then_some(Self { shown, otherwise: shown })
    }

    /// The same minute, where her clock may show another one.
    #[must_use]
    pub const fn or(self, otherwise: Self) -> Self {
        Self { shown: self.shown, otherwise: otherwise.shown }
    }

    /// As answers carry it, with the other one: plus one, 0 if it is not known, or there is no other.
    #[must_use]
    pub fn to_wire(minute: Option<Self>) -> (u32, u32) {
        let Some(Self { shown, otherwise }) = minute else { return (0, 0) };
        (u32::from(shown) + 1, if shown == otherwise { 0 } else { u32::from(otherwise) + 1 })
    }

    /// From an answer; none also where one of the two is no minute.
    #[must_use]
    pub fn from_wire(shown: u32, otherwise: u32) -> Option<Self> {
        let minute = |number: u32| u16::try_from(number.checked_sub(1)?).ok().filter(|minute| *minute < DAY);
        let shown = minute(shown)?;
        let otherwise = if otherwise == 0 { shown } else { minute(otherwise)? };
        Some(Self { shown, otherwise })
    }

    /// Whether it is among hours from one minute of the day up to another, whatever her clock shows. [SAF-4] [TIM-96]
    const fn is_within(self, from: u16, to: u16) -> bool {
        is_between(from, self.shown, to) && is_between(from, self.otherwise, to)
    }
}

/// The first minute is, the last is not; hours that do not end later than they begin pass midnight.
const fn is_between(from: u16, now: u16, to: u16) -> bool {
    if from < to { from <= now && now < to } else { now >= from || now < to }
}

/// How whoever asks is about to reach her. [SAF-3]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// By which way.
    pub channel: ContactChannel,
    /// Outside what she said is safe.
    pub outside: bool,
}

impl Intent {
    /// From a request; nothing is an intent not to reach her.
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a way that is none.
    pub fn parse(said: Option<wire::ContactIntent>) -> Result<Self, Rejection> {
        let said = said.unwrap_or_default();
        let channel = ContactChannel::try_from(said.channel).map_err(|_| Rejection::BadValue)?;
        Ok(Self { channel, outside: said.outside })
    }
}

/// The ways of contact that a label serves; none: it is no value of contact. [SAF-1]
#[must_use]
pub const fn serves(label: Label) -> &'static [ContactChannel] {
    use ContactChannel::{Call, InPerson, TextMessage};
    match label {
        Label::HomeAddress | Label::CurrentLocation => &[InPerson],
        Label::SafeContactTelephone => &[Call, TextMessage],
        Label::SafeContactCodeWord => &[Call, TextMessage, InPerson],
        _ => &[],
    }
}

/// Whether a label is a value of contact. [SAF-1]
#[must_use]
pub const fn is_contact(label: Label) -> bool {
    !serves(label).is_empty()
}

/// Withholds in a trail what may not be shown. Events stand in order of their causes, with their values. Gives what became of
/// them: [`ContactFit::Outside`] only if something is shown that would have been withheld. [SAF-2]
pub fn guard_trail(trail: &mut wire::Trail, intent: Intent, minute: Option<HerMinute>) -> ContactFit {
    let (newest, warned) = (newest_values(trail), warned(trail));
    let since = |newest: &Newest| warned.is_none_or(|warned| newest.place > warned);
    let fit = if is_over(trail, &newest, intent, since) { ContactFit::Ended } else { judge(&newest, intent, minute) };
    // [SAF-6] What was told before a warning is what it warns of.
    let counting = newest.iter().filter(|(_, newest)| since(newest));
    let counts: BTreeMap<Label, usize> = counting.map(|(label, newest)| (*label, newest.place)).collect();
    let mut tally = Tally::new(fit, intent);
    for (place, event) in trail.events.iter_mut().enumerate() {
        for field in &mut event.fields {
            let Some(label) = contact_label(&field.label) else { continue };
            let shown = tally.shows(label, counts.get(&label) == Some(&place), field.value.is_empty());
            let already = event.withheld.contains(&field.label);
            if !shown && !field.value.is_empty() {
                field.value.clear();
                if !already {
                    event.withheld.push(field.label.clone());
                }
            }
        }
    }
    let sealed = trail.events.iter().any(|event| event.sealed.is_some());
    let fit = tally.fit(sealed);
    (trail.her_minute, trail.her_minute_otherwise) = HerMinute::to_wire(minute);
    // Where nothing is left to judge, what was said of it when it was withheld stands.
    if fit != ContactFit::Unspecified || trail.events.iter().all(|event| event.withheld.is_empty()) {
        trail.contact = fit.into();
    }
    fit
}

/// The same in the record of a case: values that are sealed one by one are withheld where no way is named at all; else
/// whoever opens them judges. [SAF-2] [SAF-9]
pub fn guard_record(record: &mut wire::CaseRecord, intent: Intent, minute: Option<HerMinute>) -> ContactFit {
    let known = record
        .fields
        .iter()
        .filter_map(|field| Some((Label::parse(&field.label).ok()?, Newest { value: field.value.clone(), place: 0 })));
    let fit = judge(&known.collect(), intent, minute);
    let (mut tally, mut over, mut sealed) = (Tally::new(fit, intent), Tally::new(ContactFit::Ended, intent), false);
    for field in &mut record.fields {
        let Some(label) = contact_label(&field.label) else { continue };
        let tally = if field.over { &mut over } else { &mut tally };
        if field.over && !field.sealed.is_empty() && !intent.outside {
            // [SAF-6] Whoever opens it could not tell.
            tally.withheld = true;
            field.sealed.clear();
            field.withheld = true;
        } else if field.value.is_empty() && !field.sealed.is_empty() {
            let named = intent.outside || intent.channel != ContactChannel::Unspecified;
            sealed |= named;
            if !named {
                tally.withheld = true;
                field.sealed.clear();
                field.withheld = true;
            }
        } else if !tally.shows(label, true, field.value.is_empty()) && !field.value.is_empty() {
            field.value.clear();
            field.sealed.clear();
            field.withheld = true;
        }
    }
    let fit = tally.beside(&over, sealed);
    (record.her_minute, record.her_minute_otherwise) = HerMinute::to_wire(minute);
    if fit != ContactFit::Unspecified || record.fields.iter().all(|field| !field.withheld) {
        record.contact = fit.into();
    }
    fit
}

/// Whether a value of contact that was once taken from a trail is none by which she may be reached any more, whatever the
/// hour: the trail is over, or warned of it, or has a newer one. Events stand in order of their causes, with their values. [SAF-20]
#[must_use]
pub fn is_outlived(trail: &wire::Trail, field: &wire::RecordedField) -> bool {
    let Some(label) = contact_label(&field.label) else { return false };
    let newest = newest_values(trail);
    let told = newest.get(&label);
    let stopped = !trail.ours && ENDINGS.contains(&trail.headline.as_str());
    let warned = warned(trail).is_some_and(|warned| told.is_none_or(|told| told.place < warned));
    stopped || warned || told.is_some_and(|told| is_newer(trail, told, field))
}

/// Whether what the trail told last is another value than what was taken; where one of the two cannot be read, by when it came.
fn is_newer(trail: &wire::Trail, told: &Newest, field: &wire::RecordedField) -> bool {
    if told.value.is_empty() || field.value.is_empty() {
        return trail.events.get(told.place).is_some_and(|event| event.stored > field.since);
    }
    told.value != field.value
}

/// The newest value of a label that has effect, and the event that gave it.
struct Newest {
    value: String,
    place: usize,
}

/// What is shown of contact, and what is not.
struct Tally {
    fit: ContactFit,
    intent: Intent,
    shown: bool,
    outside: bool,
    withheld: bool,
}

impl Tally {
    const fn new(fit: ContactFit, intent: Intent) -> Self {
        Self { fit, intent, shown: false, outside: false, withheld: false }
    }

    /// Whether a value is shown. Nothing is counted of one that is not there.
    fn shows(&mut self, label: Label, newest: bool, empty: bool) -> bool {
        let fits = self.fit == ContactFit::Fits && newest && serves(label).contains(&self.intent.channel);
        if !empty {
            self.shown |= fits;
            self.outside |= !fits && self.intent.outside;
            self.withheld |= !fits && !self.intent.outside;
        }
        fits || self.intent.outside
    }

    /// What became of all, where some values are of what is over: that says more than that nothing else was shown.
    const fn beside(&self, over: &Self, sealed: bool) -> ContactFit {
        match (self.fit(sealed), over.fit(false)) {
            (ContactFit::Outside, _) | (_, ContactFit::Outside) => ContactFit::Outside,
            (known @ (ContactFit::Fits | ContactFit::Sealed), _) | (known, ContactFit::Unspecified) => known,
            (_, ended) => ended,
        }
    }

    const fn fit(&self, sealed: bool) -> ContactFit {
        match self {
            Self { outside: true, .. } => ContactFit::Outside,
            _ if sealed => ContactFit::Sealed,
            Self { shown: true, .. } => ContactFit::Fits,
            // What was named fits her word, and serves none of these.
            Self { withheld: true, fit: ContactFit::Fits, .. } => ContactFit::OtherChannel,
            Self { withheld: true, .. } => self.fit,
            _ => ContactFit::Unspecified,
        }
    }
}

fn contact_label(name: &str) -> Option<Label> {
    Label::parse(name).ok().filter(|label| is_contact(*label))
}

/// The newest value of each label, in events that have effect: a later one corrects an earlier one. [SAF-5]
fn newest_values(trail: &wire::Trail) -> BTreeMap<Label, Newest> {
    let mut newest = BTreeMap::new();
    let effective = trail.events.iter().enumerate().filter(|(_, event)| event.void_reason.is_empty());
    for (place, event) in effective {
        for field in &event.fields {
            // A value that was withheld before still stands in the place of an older one.
            if let Ok(label) = Label::parse(&field.label) {
                newest.insert(label, Newest { value: field.value.clone(), place });
            }
        }
    }
    newest
}

/// Where the sender warned last that nobody contact her. What has no effect warns of nothing. [SAF-6]
fn warned(trail: &wire::Trail) -> Option<usize> {
    let warns = |event: &wire::TrailEvent| event.kind == "warned" && event.code == "do_not_contact";
    trail.events.iter().rposition(|event| warns(event) && event.ours == trail.ours && event.void_reason.is_empty())
}

/// Whether she must not be reached by what this trail says: it was stopped, or its sender warned, and gave no value since
/// that serves the way which is named. [SAF-6]
fn is_over(
    trail: &wire::Trail,
    newest: &BTreeMap<Label, Newest>,
    intent: Intent,
    since: impl Fn(&Newest) -> bool,
) -> bool {
    let stopped = !trail.ours && ENDINGS.contains(&trail.headline.as_str());
    let serves = |label: Label| match intent.channel {
        ContactChannel::Unspecified => is_contact(label),
        channel => serves(label).contains(&channel),
    };
    let (new, old): (Vec<_>, Vec<_>) =
        newest.iter().filter(|(label, _)| serves(**label)).partition(|(_, newest)| since(newest));
    stopped || (new.is_empty() && !old.is_empty())
}

/// Whether her word allows the way that was named, now. A word that stands and cannot be read allows nothing. [SAF-4]
fn judge(known: &BTreeMap<Label, Newest>, intent: Intent, minute: Option<HerMinute>) -> ContactFit {
    let said = |label| known.get(&label).map(|newest: &Newest| newest.value.as_str());
    if intent.channel == ContactChannel::Unspecified {
        return ContactFit::NoChannel;
    }
    let (channel, hours_of) = (said(Label::SafeContactChannel), said(Label::SafeContactHours));
    if channel == Some("") || hours_of == Some("") {
        return ContactFit::Sealed;
    }
    if channel.is_some_and(|channel| channel != word(intent.channel)) {
        return ContactFit::OtherChannel;
    }
    match (hours_of.and_then(hours), minute) {
        (None, _) => ContactFit::Fits,
        (Some(_), None) => ContactFit::NoClock,
        (Some((from, to)), Some(now)) if now.is_within(from, to) => ContactFit::Fits,
        (Some(_), Some(_)) => ContactFit::OutsideHours,
    }
}

/// The value of the label `safe_contact_channel` that means a way.
const fn word(channel: ContactChannel) -> &'static str {
    match channel {
        ContactChannel::Unspecified => "",
        ContactChannel::Call => "call",
        ContactChannel::TextMessage => "text_message",
        ContactChannel::InPerson => "in_person",
        ContactChannel::ThroughSender => "through_sender",
    }
}

/// Two times of day in minutes. What is no window of the catalogue holds nobody up for ever, and opens nothing: no minute is
/// in it.
fn hours(value: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        HerMinute::new(hour.parse().ok()?, minute.parse().ok()?).map(|minute| minute.shown)
    };
    let window = value.split_once('/').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    Some(window.unwrap_or((DAY, DAY + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../../specs/safe-contact.tsv");
    const NUMBER: &str = "+38269000111";

    fn event(list: &[(&str, &str)]) -> wire::TrailEvent {
        let field =
            |(label, value): &(&str, &str)| wire::Field { label: (*label).to_owned(), value: (*value).to_owned() };
        wire::TrailEvent { kind: "identity".to_owned(), fields: list.iter().map(field).collect(), ..Default::default() }
    }

    fn told() -> wire::Trail {
        let said = [
            ("name", "Invented Name"),
            ("safe_contact_channel", "call"),
            ("safe_contact_telephone", NUMBER),
            ("safe_contact_hours", "09:00/12:30"),
        ];
        wire::Trail { events: vec![event(&said)], headline: "accepted".to_owned(), ..Default::default() }
    }

    fn at(hour: u16, minute: u16) -> Option<HerMinute> {
        HerMinute::new(hour, minute)
    }

    fn by(channel: ContactChannel) -> Intent {
        Intent { channel, outside: false }
    }

    /// What becomes of the number, and whether it is shown.
    fn asked(mut trail: wire::Trail, intent: Intent, minute: Option<HerMinute>) -> (ContactFit, bool) {
        let fit = guard_trail(&mut trail, intent, minute);
        let shown = trail.events.iter().flat_map(|event| &event.fields).any(|field| field.value == NUMBER);
        let name = trail.events.iter().flat_map(|event| &event.fields).any(|field| field.value == "Invented Name");
        let withheld = trail.events.iter().any(|event| event.withheld == ["safe_contact_telephone"]);
        assert!(name, "who she is stays as it was");
        assert_eq!(withheld, !shown);
        (fit, shown)
    }

    /// [SAF-1]
    #[test]
    fn the_labels_of_contact_are_those_of_the_table() {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap());
        let kept: BTreeMap<&str, String> = rows.map(|(label, channels)| (label, channels.to_owned())).collect();
        let words = |label| serves(label).iter().map(|channel| word(*channel)).collect::<Vec<_>>().join("|");
        let ours = Label::ALL.iter().copied().filter(|label| is_contact(*label));
        assert_eq!(kept, ours.map(|label| (label.name(), words(label))).collect());
    }

    /// [SAF-3] [SAF-4]
    #[test]
    fn a_number_is_shown_by_her_way_in_her_hours_and_else_withheld() {
        use ContactChannel::{Call, InPerson, TextMessage, ThroughSender, Unspecified};
        for (channel, minute, expected) in [
            (Unspecified, at(10, 0), ContactFit::NoChannel),
            (TextMessage, at(10, 0), ContactFit::OtherChannel),
            (InPerson, at(10, 0), ContactFit::OtherChannel),
            (ThroughSender, at(10, 0), ContactFit::OtherChannel),
            (Call, at(8, 59), ContactFit::OutsideHours),
            (Call, at(9, 0), ContactFit::Fits),
            (Call, at(12, 29), ContactFit::Fits),
            (Call, at(12, 30), ContactFit::OutsideHours),
            (Call, None, ContactFit::NoClock),
        ] {
            let fits = expected == ContactFit::Fits;
            assert_eq!(asked(told(), by(channel), minute), (expected, fits), "{channel:?} {minute:?}");
            let outside = asked(told(), Intent { channel, outside: true }, minute);
            assert_eq!(outside, (if fits { ContactFit::Fits } else { ContactFit::Outside }, true));
        }
    }

    /// [SAF-4]
    #[test]
    fn hours_may_pass_midnight() {
        let night = || {
            let mut trail = told();
            trail.events[0].fields[3].value = "21:00/06:00".to_owned();
            trail
        };
        for (minute, inside) in
            [(at(20, 59), false), (at(21, 0), true), (at(0, 0), true), (at(5, 59), true), (at(6, 0), false)]
        {
            assert_eq!(asked(night(), by(ContactChannel::Call), minute).1, inside, "{minute:?}");
        }
    }

    /// [SAF-5]
    #[test]
    fn the_newest_word_rules_and_the_old_number_is_not_shown() {
        let mut trail = told();
        trail.events.push(event(&[("safe_contact_hours", "18:00/20:00"), ("safe_contact_telephone", "+38269000222")]));
        let intent = by(ContactChannel::Call);
        assert_eq!(guard_trail(&mut trail.clone(), intent, at(10, 0)), ContactFit::OutsideHours);
        assert_eq!(guard_trail(&mut trail, intent, at(19, 0)), ContactFit::Fits);
        let value =
            |place: usize| &trail.events[place].fields.iter().find(|f| f.label.ends_with("telephone")).unwrap().value;
        assert_eq!((value(0).as_str(), value(1).as_str()), ("", "+38269000222"));
        // A correction that has no effect corrects nothing.
        let mut void = told();
        void.events.push(event(&[("safe_contact_telephone", "+38269000222")]));
        void.events[1].void_reason = "not_live".to_owned();
        assert_eq!(guard_trail(&mut void, intent, at(10, 0)), ContactFit::Fits);
        assert_eq!(void.events[1].fields[0].value, "");
    }

    /// [SAF-6]
    #[test]
    fn after_a_warning_or_a_stop_no_hour_is_hers() {
        let intent = by(ContactChannel::Call);
        let warning =
            || wire::TrailEvent { kind: "warned".to_owned(), code: "do_not_contact".to_owned(), ..Default::default() };
        let mut warned = told();
        warned.events.push(warning());
        assert_eq!(asked(warned.clone(), intent, at(10, 0)), (ContactFit::Ended, false));
        warned.events.push(event(&[("safe_contact_telephone", "+38269000222")]));
        assert_eq!(guard_trail(&mut warned, intent, at(10, 0)), ContactFit::Fits, "the new way came after the warning");
        // A new address does not bring back the number that he holds.
        let mut moved = told();
        moved.events.push(warning());
        moved.events.push(event(&[("home_address", "Another invented street 9"), ("safe_contact_channel", "call")]));
        assert_eq!(asked(moved.clone(), intent, at(10, 0)), (ContactFit::Ended, false));
        assert_eq!(asked(moved, Intent::default(), at(10, 0)), (ContactFit::NoChannel, false));
        // Neither is a warning what has no effect, or what the receiver said.
        for (void_reason, ours) in [("wrong_side", false), ("", true)] {
            let mut other = told();
            other.events.push(wire::TrailEvent { void_reason: void_reason.to_owned(), ours, ..warning() });
            assert_eq!(asked(other, intent, at(10, 0)), (ContactFit::Fits, true));
        }
        for headline in ENDINGS {
            let stopped = wire::Trail { headline: headline.to_owned(), ..told() };
            assert_eq!(asked(stopped.clone(), intent, at(10, 0)), (ContactFit::Ended, false), "{headline}");
            assert!(asked(wire::Trail { ours: true, ..stopped }, intent, at(10, 0)).1, "our own client is still ours");
        }
    }

    /// [SAF-4] Hours that came sealed after the number did not.
    #[test]
    fn a_word_that_cannot_be_read_allows_nothing() {
        for label in ["safe_contact_hours", "safe_contact_channel"] {
            let mut trail = told();
            trail.events.push(event(&[(label, "")]));
            assert_eq!(asked(trail, by(ContactChannel::Call), at(10, 0)), (ContactFit::Sealed, false), "{label}");
            let field = |label: &str, value: &str, sealed: &[u8]| wire::RecordedField {
                label: label.to_owned(),
                value: value.to_owned(),
                sealed: sealed.to_vec(),
                ..Default::default()
            };
            let fields = vec![field("safe_contact_telephone", NUMBER, &[]), field(label, "", &[1])];
            let mut record = wire::CaseRecord { fields, ..Default::default() };
            assert_eq!(guard_record(&mut record, by(ContactChannel::Call), at(10, 0)), ContactFit::Sealed, "{label}");
            assert!(record.fields[0].withheld && record.fields[0].value.is_empty());
        }
    }

    /// [SAF-2]
    #[test]
    fn what_was_guarded_stays_guarded() {
        let mut trail = told();
        guard_trail(&mut trail, Intent::default(), at(10, 0));
        let once = trail.clone();
        assert_eq!(guard_trail(&mut trail, by(ContactChannel::Call), at(10, 0)), ContactFit::Unspecified);
        assert_eq!((&trail.events[0].withheld, trail.contact), (&once.events[0].withheld, once.contact));
        let mut nothing = wire::Trail { events: vec![event(&[("name", "Invented Name")])], ..Default::default() };
        assert_eq!(guard_trail(&mut nothing, Intent::default(), None), ContactFit::Unspecified);
    }

    /// [SAF-9]
    #[test]
    fn of_a_record_each_value_is_judged_and_what_is_sealed_waits_for_a_way() {
        let field = |label: &str, value: &str, sealed: &[u8]| wire::RecordedField {
            label: label.to_owned(),
            value: value.to_owned(),
            sealed: sealed.to_vec(),
            ..Default::default()
        };
        let open = || wire::CaseRecord {
            fields: vec![
                field("safe_contact_channel", "call", &[]),
                field("safe_contact_telephone", NUMBER, &[]),
                field("home_address", "An invented street 7", &[]),
            ],
            ..Default::default()
        };
        let mut record = open();
        assert_eq!(guard_record(&mut record, Intent::default(), None), ContactFit::NoChannel);
        assert!(record.fields[1].withheld && record.fields[2].withheld && record.fields[1].value.is_empty());
        let mut record = open();
        assert_eq!(guard_record(&mut record, by(ContactChannel::Call), None), ContactFit::Fits);
        assert_eq!((record.fields[1].value.as_str(), record.fields[2].value.as_str()), (NUMBER, ""));
        let mut sealed = wire::CaseRecord {
            fields: vec![field("name", "", &[1]), field("safe_contact_telephone", "", &[2])],
            ..Default::default()
        };
        assert_eq!(guard_record(&mut sealed.clone(), by(ContactChannel::Call), None), ContactFit::Sealed);
        assert_eq!(guard_record(&mut sealed, Intent::default(), None), ContactFit::NoChannel);
        assert_eq!((sealed.fields[0].sealed.len(), sealed.fields[1].sealed.len()), (1, 0));
    }

    /// [SAF-20]
    #[test]
    fn what_was_taken_from_a_trail_ends_with_it() {
        let field = |value: &str| wire::RecordedField {
            label: "safe_contact_telephone".to_owned(),
            value: value.to_owned(),
            since: 100,
            ..Default::default()
        };
        assert!(!is_outlived(&told(), &field(NUMBER)));
        assert!(is_outlived(&told(), &field("+38269000222")), "the trail has another one");
        for headline in ENDINGS {
            let stopped = wire::Trail { headline: headline.to_owned(), ..told() };
            assert!(is_outlived(&stopped, &field(NUMBER)), "{headline}");
            assert!(!is_outlived(&wire::Trail { ours: true, ..stopped }, &field(NUMBER)));
        }
        let mut warned = told();
        let code = "do_not_contact".to_owned();
        warned.events.push(wire::TrailEvent { kind: "warned".to_owned(), code, ..Default::default() });
        assert!(is_outlived(&warned, &field(NUMBER)));
        // What cannot be read any more is compared by when it came.
        for (stored, newer) in [(100, false), (101, true)] {
            let mut purged = told();
            purged.events[0].stored = stored;
            purged.events[0].fields[2].value.clear();
            assert_eq!(is_outlived(&purged, &field(NUMBER)), newer);
        }
        let name = wire::RecordedField { label: "name".to_owned(), ..field("Another Name") };
        assert!(!is_outlived(&told(), &name), "it is no value of contact");
    }

    /// [SAF-20]
    #[test]
    fn what_is_over_is_withheld_in_a_record_at_every_hour() {
        let record = |over: bool, sealed: &[u8]| wire::CaseRecord {
            fields: vec![wire::RecordedField {
                label: "safe_contact_telephone".to_owned(),
                value: if sealed.is_empty() { NUMBER.to_owned() } else { String::new() },
                sealed: sealed.to_vec(),
                over,
                ..Default::default()
            }],
            ..Default::default()
        };
        let call = by(ContactChannel::Call);
        assert_eq!(guard_record(&mut record(false, &[]), call, None), ContactFit::Fits);
        for sealed in [&[][..], &[1]] {
            let mut over = record(true, sealed);
            assert_eq!(guard_record(&mut over, call, at(10, 0)), ContactFit::Ended);
            assert!(over.fields[0].withheld && over.fields[0].value.is_empty() && over.fields[0].sealed.is_empty());
        }
        let outside = Intent { outside: true, ..call };
        let mut over = record(true, &[]);
        assert_eq!(guard_record(&mut over, outside, at(10, 0)), ContactFit::Outside);
        assert_eq!(over.fields[0].value, NUMBER);
    }
}
