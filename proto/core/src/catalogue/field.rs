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

    /// The last second of a day or minute, if its value is one.
    #[must_use]
    pub fn until(&self) -> Option<Seconds> {
        // Read as a time, which says when something ends and not what.
        match self.label.value_type() {
            ValueType::Date => calendar::end_of_date(self.value.expose()),
            ValueType::DateTime => calendar::end_of_date_time(self.value.expose()),
            _ => None,
        }
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

    #[test]
    fn a_day_lasts_until_its_last_second() {
        let until = |label, text: &str| Field::new(label, Sensitive::new(text.into())).unwrap().until().unwrap().get();
        assert_eq!(until(Label::ConsentUntil, "1970-01-01"), 86_399);
        assert_eq!(until(Label::ConsentUntil, "2026-11-22"), 1_795_391_999);
        assert_eq!(until(Label::BasisUntil, "2000-02-29T12:34Z"), 951_827_699);
    }

    #[test]
    fn a_field_shows_its_label_and_not_its_value() {
        let field = Field::new(Label::Name, Sensitive::new(String::from("Mila"))).unwrap();
        assert_eq!(format!("{field:?}"), "Field { label: name, value: Sensitive }");
    }
}
