//! One line of the rota.

use std::fmt;

use uput_core::{rejection::Rejection, sensitive::Sensitive, wire};

use crate::account::{AccountId, ids};

ids! {
    /// A duty: 16 random bytes.
    DutyId;
}

/// The last minute of a day at which something can end.
const MIDNIGHT: u32 = 24 * 60;
/// The latest order.
const LAST: u32 = 9;
/// Longest address.
const MAX_ADDRESS: usize = 254;
/// Last second that the calendar of the rota reaches: the end of the year 9998.
const LATEST: u64 = 253_370_764_799;

/// Who is on duty when, and how that person is reached. [ONC-1]
#[derive(Clone)]
pub struct Duty {
    /// Which one.
    pub id: DutyId,
    /// When.
    pub when: When,
    /// Who; none: a holiday, on which the weekly rota does not hold.
    pub person: Option<Reached>,
    /// Seconds since 1970.
    pub created: u64,
    /// Who made it.
    pub created_by: Option<AccountId>,
}

/// Somebody on duty.
#[derive(Clone)]
pub struct Reached {
    /// Whose duty it is.
    pub account: AccountId,
    /// Who is called first: 1 to 9.
    pub order: u32,
    /// How.
    pub channel: Channel,
    /// Where.
    pub address: Sensitive<String>,
}

/// When a duty holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Each week, in the organisation's time zone.
    Weekly {
        /// Days on which it begins, Monday the lowest bit.
        days: u8,
        /// Minutes since midnight.
        from: u32,
        /// Minutes since midnight; not later than it begins: on the next day.
        until: u32,
    },
    /// Once, in seconds since 1970.
    Once {
        /// From.
        from: u64,
        /// Until.
        until: u64,
    },
}

/// How somebody is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A program of the organisation.
    Command = 1,
    /// E-mail.
    Email = 2,
    /// A gateway that sends text messages.
    Sms = 3,
}

impl Duty {
    /// A duty as somebody asks for it.
    ///
    /// # Errors
    /// [`Rejection::BadValue`].
    pub fn asked(id: DutyId, asked: wire::Duty, account: Option<AccountId>) -> Result<Self, Rejection> {
        let when = When::asked(asked.when.as_ref().ok_or(Rejection::BadValue)?)?;
        let holiday = matches!(asked.when, Some(wire::duty::When::Holiday(_)));
        let person = match account {
            None if holiday && asked.order == 0 && asked.address.is_empty() => None,
            Some(account) if !holiday => {
                let channel = Channel::from_number(asked.channel).ok_or(Rejection::BadValue)?;
                let address = Sensitive::new(asked.address);
                // [ONC-15] Looked at to bound it.
                if !(1..=LAST).contains(&asked.order) || !channel.takes(address.expose()) {
                    return Err(Rejection::BadValue);
                }
                Some(Reached { account, order: asked.order, channel, address })
            }
            _ => return Err(Rejection::BadValue),
        };
        Ok(Self { id, when, person, created: 0, created_by: None })
    }

    /// For a supervisor, with its address.
    #[must_use]
    pub fn to_wire(&self) -> wire::Duty {
        let person = self.person.as_ref();
        wire::Duty {
            duty: self.id.to_vec(),
            account: person.map(|person| person.account.to_vec()).unwrap_or_default(),
            order: person.map_or(0, |person| person.order),
            when: Some(self.when.to_wire(person.is_none())),
            channel: person.map_or(0, |person| person.channel as i32),
            // Whoever writes the rota reads it; nobody else may call this.
            address: person.map(|person| person.address.expose().clone()).unwrap_or_default(),
            created: self.created,
            created_by: self.created_by.map(AccountId::to_vec).unwrap_or_default(),
        }
    }
}

impl When {
    fn asked(when: &wire::duty::When) -> Result<Self, Rejection> {
        use wire::duty::When::{Holiday, Single, Weekly};
        match when {
            Weekly(weekly) => {
                let mut days = 0_u8;
                for day in &weekly.days {
                    let bit = day.checked_sub(1).and_then(|day| 1_u8.checked_shl(day)).filter(|bit| *bit < 128);
                    days |= bit.filter(|bit| *bit > days).ok_or(Rejection::BadValue)?;
                }
                Self::new_weekly(days, weekly.from, weekly.until)
            }
            Single(once) | Holiday(once) => Self::new_once(once.from, once.until),
        }
        .ok_or(Rejection::BadValue)
    }

    /// Each week; none if there are no such days or minutes.
    #[must_use]
    pub fn new_weekly(days: u8, from: u32, until: u32) -> Option<Self> {
        let fits = days > 0 && days < 128 && from < MIDNIGHT && until <= MIDNIGHT;
        fits.then_some(Self::Weekly { days, from, until })
    }

    /// Once; none if it ends before it begins.
    #[must_use]
    pub fn new_once(from: u64, until: u64) -> Option<Self> {
        (from > 0 && from < until && until <= LATEST).then_some(Self::Once { from, until })
    }

    fn to_wire(self, holiday: bool) -> wire::duty::When {
        match self {
            Self::Weekly { days, from, until } => {
                let days = (1..=7).filter(|day| days & (1 << (day - 1)) != 0).collect();
                wire::duty::When::Weekly(wire::WeeklyDuty { days, from, until })
            }
            Self::Once { from, until } if holiday => wire::duty::When::Holiday(wire::SingleDuty { from, until }),
            Self::Once { from, until } => wire::duty::When::Single(wire::SingleDuty { from, until }),
        }
    }
}

impl Channel {
    /// By its number in the schema and in the record.
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Command),
            2 => Some(Self::Email),
            3 => Some(Self::Sms),
            _ => None,
        }
    }

    /// Whether an address can be one of this channel: nothing in it ends a line or begins a field. [ONC-15]
    #[must_use]
    pub fn takes(self, address: &str) -> bool {
        let printable = address.len() <= MAX_ADDRESS && !address.chars().any(char::is_control);
        printable
            && match self {
                Self::Command => true,
                Self::Email => is_mail(address),
                Self::Sms => is_number(address),
            }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command => "command",
            Self::Email => "email",
            Self::Sms => "sms",
        })
    }
}

/// `local@domain` of a safe part of ASCII.
fn is_mail(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    plain(local, "!#$%&'*+-/=?^_`{|}~.") && local.len() <= 64 && plain(domain, ".-")
}

/// `+` and 7 to 15 digits, the first not 0.
fn is_number(address: &str) -> bool {
    let digits = address.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [ONC-15]
    #[test]
    fn an_address_fits_its_channel_and_adds_nothing() {
        for good in ["+38164000000", "+4400000000"] {
            assert!(Channel::Sms.takes(good), "{good}");
        }
        for bad in ["", "38164000000", "+0381640000", "+381 64 000", "+12345", "+1234567890123456", "+381640000\n"] {
            assert!(!Channel::Sms.takes(bad), "{bad}");
        }
        assert!(Channel::Email.takes("night.duty+one@shelter.example"));
        for bad in ["nobody", "@x", "x@", "a b@x", "a@x>\r\nRCPT TO:<b@y", "a@x y", "a,b@x", "<a@x>"] {
            assert!(!Channel::Email.takes(bad), "{bad}");
        }
        assert!(Channel::Command.takes("") && Channel::Command.takes("first floor, bell 2"));
        assert!(!Channel::Command.takes("one\ntwo") && !Channel::Command.takes(&"x".repeat(255)));
    }

    /// [ONC-1]
    #[test]
    fn what_is_no_duty_is_refused() {
        let weekly = |days: &[u32], from, until| {
            When::asked(&wire::duty::When::Weekly(wire::WeeklyDuty { days: days.to_vec(), from, until }))
        };
        assert_eq!(weekly(&[1, 7], 0, 1440), Ok(When::Weekly { days: 0b100_0001, from: 0, until: 1440 }));
        for bad in [weekly(&[], 0, 60), weekly(&[0], 0, 60), weekly(&[8], 0, 60), weekly(&[2, 1], 0, 60)] {
            assert_eq!(bad, Err(Rejection::BadValue));
        }
        assert!(weekly(&[1], 1440, 60).is_err() && weekly(&[1], 0, 1441).is_err() && weekly(&[1, 1], 0, 1).is_err());
        assert!(When::new_once(5, 5).is_none() && When::new_once(0, 5).is_none() && When::new_once(5, 6).is_some());
        let account = Some(AccountId::new([1; 16]));
        let asked = |change: fn(&mut wire::Duty)| {
            let when = Some(wire::duty::When::Single(wire::SingleDuty { from: 5, until: 6 }));
            let mut duty =
                wire::Duty { order: 1, when, channel: 3, address: "+38164000000".to_owned(), ..wire::Duty::default() };
            change(&mut duty);
            duty
        };
        let made = |change, account| Duty::asked(DutyId::new([2; 16]), asked(change), account);
        assert!(made(|_| {}, account).is_ok());
        assert!(made(|_| {}, None).is_err(), "of nobody");
        assert!(made(|duty| duty.order = 0, account).is_err());
        assert!(made(|duty| duty.order = 10, account).is_err());
        assert!(made(|duty| duty.channel = 0, account).is_err());
        assert!(made(|duty| duty.address = "x".to_owned(), account).is_err());
        assert!(made(|duty| duty.when = None, account).is_err());
    }
}
