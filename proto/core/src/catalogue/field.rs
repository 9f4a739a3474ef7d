//! One label with one value of its type.

use unicode_normalization::UnicodeNormalization;

use super::{Label, ValueType, calendar};
use crate::{agreement::Code, rejection::Rejection, sensitive::Sensitive, time::Seconds, wire::ServiceType};

/// A label and a value that fits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    label: Label,
    value: Sensitive<String>,
}

/// A task of a plan, as far as it says when somebody has to do something: what that is stays in the value. [EVT-34]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PlanTask {
    /// Its number in the plan, from 1.
    pub number: u32,
    /// The kind of service that does it; none: she herself.
    pub who: Option<ServiceType>,
    /// The last second of its day.
    pub until: Seconds,
}

/// Up to when something lasts: certainly, and at most. Both are one second where its clock is known. [BAS-46]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasts {
    /// The last second at which it certainly lasts.
    pub at_least: Seconds,
    /// The last second at which it may last.
    pub at_most: Seconds,
}

impl Field {
    /// Takes a value exactly as it stands, as a receiver must. [DIS-7]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] if it does not fit the label's type.
    pub fn new(label: Label, value: Sensitive<String>) -> Result<Self, Rejection> {
        // The value is read here to be judged, never to be shown.
        if label.value_type().accepts(value.expose()) { Ok(Self { label, value }) } else { Err(Rejection::BadValue) }
    }

    /// Takes what a person typed: composed to NFC and trimmed, then judged like any value.
    ///
    /// # Errors
    /// [`Rejection::BadValue`] if it does not fit the label's type even so.
    pub fn typed(label: Label, value: &Sensitive<String>) -> Result<Self, Rejection> {
        // Read to be composed into another sensitive value.
        Self::new(label, Sensitive::new(value.expose().trim().nfc().collect()))
    }

    /// Its label.
    #[must_use]
    pub const fn label(&self) -> Label {
        self.label
    }

    /// Its value.
    #[must_use]
    pub const fn value(&self) -> &Sensitive<String> {
        &self.value
    }

    /// The second from which on it is not certain any more that it lasts, if its value is the end of something. [BAS-46]
    #[must_use]
    pub fn until(&self) -> Option<Seconds> {
        self.lasts().map(|lasts| lasts.at_least)
    }

    /// The last second of a last day or of a minute, if its value is one.
    #[must_use]
    pub fn lasts(&self) -> Option<Lasts> {
        // Read as a time, which says when something ends and not what.
        match self.label.value_type() {
            ValueType::LastDay => calendar::ends_of_last_day(self.value.expose()),
            ValueType::DateTime => {
                calendar::end_of_date_time(self.value.expose()).map(|end| Lasts { at_least: end, at_most: end })
            }
            _ => None,
        }
    }

    /// The same with the clock by which its day ends, where it says none; `offset` gives that of a day, `+01:00`, if one is
    /// known. [BAS-47]
    #[must_use]
    pub fn by_clock(self, offset: impl FnOnce(&str) -> Option<String>) -> Self {
        // A day and an offset, into another sensitive value.
        let day = self.value.expose();
        if self.label.value_type() != ValueType::LastDay || day.len() > calendar::DAY {
            return self;
        }
        let clocked = offset(day).map(|offset| Sensitive::new(format!("{day}{offset}")));
        clocked.and_then(|value| Self::new(self.label, value).ok()).unwrap_or(self)
    }
}

impl Field {
    /// The tasks that it holds, if it is a plan's.
    #[must_use]
    pub fn tasks(&self) -> Vec<PlanTask> {
        if self.label != Label::PlanTasks {
            return Vec::new();
        }
        // Read for whose it is and when, not for what.
        self.value.expose().split("; ").filter_map(task).collect()
    }
}

/// `1 safety_plan social_work 2026-01-31`
fn task(text: &str) -> Option<PlanTask> {
    let mut parts = text.split(' ');
    let (number, _what, who, day) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (number, until) = (number.parse().ok()?, calendar::end_of_date(day)?);
    Some(PlanTask { number, who: ServiceType::from_word(who), until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_composed_but_what_is_received_is_not() {
        let decomposed = Sensitive::new(String::from(" Mila S\u{30c}ic\u{301} "));
        assert_eq!(Field::new(Label::Name, decomposed.clone()).err(), Some(Rejection::BadValue));
        let field = Field::typed(Label::Name, &decomposed).unwrap();
        assert_eq!(field.value().expose(), "Mila Šić");
    }

    /// [EVT-34]
    #[test]
    fn a_task_says_whose_it_is_and_until_when() {
        let plan = "1 safety_plan social_work 1970-01-01; 2 monitor herself 2026-11-22";
        let field = Field::new(Label::PlanTasks, Sensitive::new(plan.into())).unwrap();
        let told: Vec<_> = field.tasks().into_iter().map(|task| (task.number, task.who, task.until.get())).collect();
        assert_eq!(told, [(1, Some(ServiceType::SocialWork), 86_399), (2, None, 1_795_391_999)]);
        let other = Field::new(Label::NeedStatement, Sensitive::new("1 monitor herself 2026-11-22".into())).unwrap();
        assert!(other.tasks().is_empty());
    }

    fn field(label: Label, text: &str) -> Field {
        Field::new(label, Sensitive::new(text.into())).unwrap()
    }

    /// [BAS-6] [BAS-45] [BAS-46]
    #[test]
    fn a_day_lasts_until_its_last_second_by_the_clock_that_it_names() {
        let lasts = |label, text: &str| {
            let lasts = field(label, text).lasts().unwrap();
            [lasts.at_least, lasts.at_most].map(Seconds::get)
        };
        assert_eq!(lasts(Label::ConsentUntil, "1970-01-01+00:00"), [86_399; 2]);
        assert_eq!(lasts(Label::ConsentUntil, "2026-11-22+00:00"), [1_795_391_999; 2]);
        assert_eq!(lasts(Label::ConsentUntil, "2026-11-22+01:00"), [1_795_391_999 - 3600; 2]);
        assert_eq!(lasts(Label::ConsentUntil, "2026-11-22-03:30"), [1_795_391_999 + 12_600; 2]);
        let hour = 3600;
        assert_eq!(lasts(Label::DecisionUntil, "2026-11-22"), [1_795_391_999 - 14 * hour, 1_795_391_999 + 12 * hour]);
        assert_eq!(lasts(Label::BasisUntil, "2000-02-29T12:34Z"), [951_827_699; 2]);
        assert!(field(Label::DecisionDate, "2026-11-22").lasts().is_none(), "a day on which something was is no end");
    }

    /// [BAS-45]
    #[test]
    fn an_offset_has_one_form_and_is_one_that_a_clock_of_the_earth_has() {
        let takes = |text: &str| Field::new(Label::ConsentUntil, Sensitive::new(text.into())).is_ok();
        for offset in ["", "+00:00", "+01:00", "-03:30", "+14:00", "-12:00", "+05:45"] {
            assert!(takes(&format!("2026-11-22{offset}")), "{offset}");
        }
        for offset in
            ["Z", "-00:00", "+1:00", "+01", "+0100", "+14:01", "-12:01", " +01:00", "+01:60", "+01:00 ", "é01:00"]
        {
            assert!(!takes(&format!("2026-11-22{offset}")), "{offset}");
        }
        assert!(!takes("2026-11-2é+01:00") && !takes("+01:00") && !takes("2026-02-30+01:00"));
        assert!(Field::new(Label::DecisionDate, Sensitive::new("2026-11-22+01:00".into())).is_err());
    }

    /// [BAS-47]
    #[test]
    fn a_day_without_a_clock_gets_that_of_whoever_sends_it_and_no_other_does() {
        let clocked =
            |label, text: &str| field(label, text).by_clock(|_| Some("+02:00".to_owned())).value().expose().clone();
        assert_eq!(clocked(Label::ConsentUntil, "2026-07-01"), "2026-07-01+02:00");
        assert_eq!(clocked(Label::ConsentUntil, "2026-07-01+01:00"), "2026-07-01+01:00");
        assert_eq!(clocked(Label::DecisionDate, "2026-07-01"), "2026-07-01");
        assert_eq!(clocked(Label::MandateUntil, "2026-07-01T10:00Z"), "2026-07-01T10:00Z");
    }

    #[test]
    fn a_field_shows_its_label_and_not_its_value() {
        let field = Field::new(Label::Name, Sensitive::new(String::from("Mila"))).unwrap();
        assert_eq!(format!("{field:?}"), "Field { label: name, value: Sensitive }");
    }
}
