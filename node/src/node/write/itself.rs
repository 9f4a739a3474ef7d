//! What this machine says in a trail without anybody's doing.

use uput_core::{
    envelope::Verified,
    event::{Event, Statement},
    id::TrailId,
    rejection::Rejection,
    step::{self, Draft},
};

use super::commit::Asked;
use crate::{
    clock,
    node::{
        Node,
        head::Rest,
        refusal::Refused,
        trails::{Held, Loaded},
        written::Written,
    },
    record::{self, ErasureRecord},
};

impl Node {
    /// Adds what is nobody's word here, and discloses nothing. Answered before, it is not said again. [CAS-101]
    pub(in crate::node) async fn record_itself(
        &self,
        trail: &TrailId,
        statement: &Statement,
        request: Vec<u8>,
    ) -> Result<(), Refused> {
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(trail).await;
        let _names = self.cases.names_stay().await;
        let _alone = self.hold_cases(&[*trail]).await;
        self.ensure_loaded(&mut held, trail)?;
        if self.indexed(record::REQUESTS, &request).is_some() {
            return Ok(());
        }
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        // [BAK-52]
        self.demand_resumed(loaded)?;
        self.refuse_put_back(&loaded.other(&self.me.organisation))?;
        let side = loaded.trail.side(&self.me.organisation).ok_or(Rejection::WrongTrail)?;
        step::may(&loaded.trail, side, statement)?;
        let time = clock::now().floor(loaded.agreement.grain());
        let draft = Draft { statement: statement.clone(), terms: None, slots: Vec::new(), time, occurred: None };
        let event = step::append(&loaded.trail, &self.me.author(&self.me.keys()), draft)?;
        let mut loaded = held.take().ok_or(Rejection::NoSuchTrail)?;
        let rest = Rest::may_follow(statement).then(|| loaded.rest());
        loaded.trail.admit(event.clone())?;
        let rests = rest.is_some_and(|before| loaded.rest() > before);
        let asked = Asked { by: None, request, case: None, place: None, erased: None };
        self.commit_event(&mut held, loaded, &mut Written::plain(event), asked, Vec::new(), rests).await
    }

    /// Says with an erasure that the receiver has what was disclosed no more: what was destroyed is said once. [RET-16]
    pub(in crate::node) async fn say_erased(
        &self,
        held: &mut Held,
        mut loaded: Loaded,
        said: Verified<Event>,
        erased: ErasureRecord,
    ) -> Result<(), Rejection> {
        loaded.trail.admit(said.clone())?;
        let asked = Asked { by: None, request: Vec::new(), case: None, place: None, erased: Some(erased) };
        let mut written = Written::plain(said);
        let done = self.commit_event(held, loaded, &mut written, asked, Vec::new(), true).await;
        done.map_err(|refused| refused.rejection())
    }
}
