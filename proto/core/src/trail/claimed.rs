//! Whose word an event is, once another branch of its author's key records was decided to count.

use std::collections::BTreeSet;

use super::Trail;
use crate::{
    id::{EventId, KeyRecordId},
    state::Side,
};

impl Trail {
    /// Events of one side under a record that does not `count`, which that side has not made its own since: no later event
    /// of its chain under a record that counts follows them, and none of `heads`, the last events that its heads under such
    /// records name. [KEY-33]
    #[must_use]
    pub fn unclaimed(
        &self,
        side: Side,
        counts: impl Fn(&KeyRecordId) -> bool,
        heads: impl IntoIterator<Item = EventId>,
    ) -> Vec<EventId> {
        let own = || self.events().filter(|event| event.author == self.party(side));
        let mut strange: BTreeSet<EventId> = own().filter(|event| !counts(&event.key)).map(|event| event.id).collect();
        if strange.is_empty() {
            return Vec::new();
        }
        let mut claims: Vec<EventId> =
            own().filter(|event| counts(&event.key)).filter_map(|event| event.prev).collect();
        claims.extend(heads);
        let mut looked = BTreeSet::new();
        while let Some(id) = claims.pop().filter(|_| !strange.is_empty()) {
            if looked.insert(id) {
                strange.remove(&id);
                claims.extend(self.event(&id).and_then(|event| event.prev));
            }
        }
        strange.into_iter().collect()
    }
}
