//! How somebody is about to reach her, as the command line takes it, and what became of it.
//!
//! Guarantees that what a colleague's key opens here is judged by the same rule as what the node shows. [SAF-9] Leaves to the
//! node to ask why and to record it.

use clap::Args;
use uput_core::safe_contact::{HerMinute, Intent, guard_record, guard_trail};
use uput_core::wire::{self, ContactChannel, ContactFit};

use crate::code;
use crate::output::Page;

/// How you are about to reach her.
#[derive(Args)]
pub(crate) struct ContactArgs {
    /// By which way you are about to reach her; left out, numbers, addresses and the code word are withheld
    #[arg(long, value_name = "WAY", value_parser = code::parser::<ContactChannel>())]
    reach: Option<ContactChannel>,
    /// Show them outside what she said is safe; needs --reason, and a supervisor is told
    #[arg(long, requires = "reason")]
    reach_outside: bool,
}

impl ContactArgs {
    /// As the node is asked.
    pub(crate) fn to_wire(&self) -> Option<wire::ContactIntent> {
        let Intent { channel, outside } = self.intent();
        (channel != ContactChannel::Unspecified || outside)
            .then(|| wire::ContactIntent { channel: channel.into(), outside })
    }

    /// Withholds in a trail what was opened here and may not be shown.
    pub(crate) fn guard_trail(&self, trail: &mut wire::Trail) {
        let minute = HerMinute::from_wire(trail.her_minute, trail.her_minute_otherwise);
        guard_trail(trail, self.intent(), minute);
    }

    /// The same in the record of a case.
    pub(crate) fn guard_record(&self, record: &mut wire::CaseRecord) {
        let minute = HerMinute::from_wire(record.her_minute, record.her_minute_otherwise);
        guard_record(record, self.intent(), minute);
    }

    fn intent(&self) -> Intent {
        Intent { channel: self.reach.unwrap_or_default(), outside: self.reach_outside }
    }
}

/// Says what became of values of contact, and what is to be said afterwards. [SAF-11]
pub(crate) fn describe(fit: i32, page: &mut Page) {
    let outside = "; --reach-outside with --reason shows it, and a supervisor is told";
    let sentence = match ContactFit::try_from(fit).unwrap_or_default() {
        ContactFit::Unspecified | ContactFit::Sealed => return,
        ContactFit::Fits => {
            "as she said is safe; say afterwards whether you reached her: uput referral reached, not-reached".to_owned()
        }
        ContactFit::NoChannel => "withheld: say by which way you are about to reach her, with --reach".to_owned(),
        ContactFit::OtherChannel => format!("withheld: she said another way{outside}"),
        ContactFit::OutsideHours => format!("withheld: it is not an hour that she said is safe{outside}"),
        ContactFit::NoClock => {
            format!(
                "withheld: she said hours, and the node does not know her clock (zone, under [on_call]), or its own is wrong (uput node doctor){outside}"
            )
        }
        ContactFit::Ended => format!("withheld: she must not be reached by it any more{outside}"),
        ContactFit::Outside => "SHOWN OUTSIDE what she said is safe: it is recorded with your reason".to_owned(),
    };
    page.pair("contact", sentence);
}
