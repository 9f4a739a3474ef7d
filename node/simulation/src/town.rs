//! A whole run: houses, lines, people, and what happens to them by the seed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};
use uput_core::id::{OrgId, TrailId};
use uput_node::{disk::PowerLoss, node::Post, peer::Mailroom};

use crate::{
    Broken, Run, check,
    dice::Dice,
    house::{House, Running},
    liar::{self, Liar},
    line::{self, Copies, Weather},
    people::{self, Acknowledged, Answer, Ask, Told, What},
    story::Story,
    tally::Tally,
};

/// Everything of one run.
pub struct Town {
    /// The seed's choices.
    dice: Dice,
    seed: u64,
    /// What happened, by number.
    pub tally: Tally,
    /// What happened, in words.
    pub story: Story,
    /// Letters as they travelled.
    pub copies: Copies,
    /// What people were told.
    pub told: Mutex<Acknowledged>,
    /// The house that lies.
    pub liar: Option<Liar>,
    houses: Mutex<Vec<House>>,
    names: Vec<String>,
    lines: BTreeMap<(usize, usize), Weather>,
    unsure: Mutex<Vec<Ask>>,
    asking: AtomicUsize,
    taken: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Town {
    /// Starts the nodes of houses that have met and agreed.
    ///
    /// # Errors
    /// [`Broken`] if one does not start.
    pub fn begin(run: &Run, seed: u64, mut houses: Vec<House>) -> Result<Arc<Self>, Broken> {
        for house in &mut houses {
            house.start()?;
        }
        let last = houses.iter().enumerate().next_back().filter(|_| run.liar);
        let liar = last.map(|(number, house)| Liar::new(number, house)).transpose()?;
        let pairs = |last: usize| (0..last).flat_map(move |a| (a + 1..last).map(move |b| (a, b)));
        Ok(Arc::new(Self {
            dice: Dice::new(seed),
            seed,
            tally: Tally::default(),
            story: Story::begin(),
            copies: Copies::default(),
            told: Mutex::default(),
            liar,
            names: houses.iter().map(|house| house.name.clone()).collect(),
            lines: pairs(houses.len()).map(|pair| (pair, Weather::default())).collect(),
            houses: Mutex::new(houses),
            unsure: Mutex::default(),
            asking: AtomicUsize::new(0),
            taken: AtomicU64::new(0),
        }))
    }

    /// Runs for its days, then lets everything come to rest and looks at it.
    ///
    /// # Errors
    /// [`Broken`]: what does not hold.
    pub async fn live(self: &Arc<Self>, run: &Run) -> Result<(), Broken> {
        for ends in self.lines.keys() {
            tokio::spawn(line::keep(Arc::clone(self), *ends));
        }
        for _ in 0..run.days {
            let evening = Instant::now() + Duration::from_secs(86_400);
            while Instant::now() < evening && run.steps.is_none_or(|most| self.steps() < most) {
                let number = self.taken.fetch_add(1, Ordering::Relaxed);
                self.step(run.skip.contains(&number)).await?;
            }
            self.rest().await?;
            check::agree(self).await?;
        }
        Ok(())
    }

    /// How many steps were taken.
    pub fn steps(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Something happens, and what was acknowledged is looked for.
    async fn step(self: &Arc<Self>, skipped: bool) -> Result<(), Broken> {
        // Mostly minutes, at times at once: what crosses, crosses within seconds.
        // Each step draws by itself, so that what nodes do meanwhile changes no later one. [SIM-1]
        let dice = &Dice::new(self.dice.next());
        let pause = if dice.chance(50) { 4_000 } else { 3_000_000 };
        sleep(Duration::from_millis(dice.next() % pause)).await;
        if skipped {
            return Ok(());
        }
        // [SIM-21]
        if let Some(liar) = self.liar.as_ref().filter(|_| dice.chance(30)) {
            liar::lies(self, liar, dice);
            return check::nothing_is_lost(self);
        }
        match dice.below(100) {
            0..55 => people::act(self, &Dice::new(dice.next())),
            55..63 => {
                self.amid(dice, 2_000).await;
                self.cut(dice);
            }
            63..70 => {
                self.amid(dice, 200).await;
                self.fall_silent(dice);
            }
            70..76 => self.slow_down(dice),
            76..86 => self.clear_one(dice),
            86..92 => self.copy_arrives(dice),
            _ => self.power_fails(dice).await?,
        }
        check::nothing_is_lost(self)
    }

    /// Everything stands again; then it is waited until nothing waits any more.
    async fn rest(self: &Arc<Self>) -> Result<(), Broken> {
        self.lines.values().for_each(Weather::clear);
        self.start_all(&Dice::new(self.dice.next())).await?;
        self.story.fails("everything stands again");
        let late = Instant::now() + Duration::from_secs(3600);
        let mut quiet = 0;
        while quiet < 3 {
            if Instant::now() > late {
                return Err(Broken::new(format!("after an hour without a fault letters still wait: {}", self.waits())));
            }
            let mut unsure = std::mem::take(&mut *lock(&self.unsure));
            unsure.retain(|asked| self.is_honest(asked.house));
            quiet = if unsure.is_empty() && self.is_quiet() { quiet + 1 } else { 0 };
            unsure.into_iter().for_each(|asked| people::ask(self, asked));
            // To ask how much waits for each peer is dear: it counts their safety numbers.
            sleep(Duration::from_secs(if self.liar.is_some() { 400 } else { 40 })).await;
        }
        Ok(())
    }

    /// Often what fails fails while somebody does something.
    async fn amid(self: &Arc<Self>, dice: &Dice, most: u64) {
        if dice.chance(60) {
            people::act(self, &Dice::new(dice.next()));
            sleep(Duration::from_millis(dice.next() % most)).await;
        }
    }

    fn is_quiet(&self) -> bool {
        self.asking.load(Ordering::Relaxed) == 0 && (0..self.houses()).all(|house| self.waits_at(house) == 0)
    }

    /// What waits at an honest house for honest ones. [SIM-9]
    fn waits_at(&self, house: usize) -> u64 {
        if !self.is_honest(house) {
            return 0;
        }
        let Some(running) = self.running(house) else { return 1 };
        let Some(liar) = &self.liar else { return running.node.queued().items };
        let liar = self.name(liar.house);
        running.node.view_peers().iter().filter(|peer| peer.name != liar).map(|peer| peer.queued).sum()
    }

    fn waits(&self) -> String {
        let said = |house: usize| format!("{} {}", self.name(house), self.waits_at(house));
        (0..self.houses()).map(said).collect::<Vec<_>>().join(", ")
    }

    /// Whether a house does not lie.
    pub fn is_honest(&self, house: usize) -> bool {
        self.liar.as_ref().is_none_or(|liar| liar.house != house)
    }

    /// A house goes on with its disk as it was some time ago, and no incarnation says so. [SIM-22]
    pub fn rolls_back(self: &Arc<Self>, number: usize, dice: &Dice) {
        let mut houses = lock(&self.houses);
        let Some(house) = houses.get_mut(number) else { return };
        if house.roll_back(dice).is_ok() {
            self.tally.note(liar::Lie::RollsBack.counted());
        }
        drop(houses);
        self.lines.values().for_each(Weather::wake);
    }

    /// Whether one end of a line says what nobody asked.
    pub fn rambles(&self, ends: (usize, usize)) -> bool {
        self.liar.as_ref().is_some_and(|liar| (ends.0 == liar.house || ends.1 == liar.house) && liar.is_rambling())
    }

    /// The liar's ears: letters by it and to it, which it can open. [SIM-22]
    pub fn overhears(&self, ends: (usize, usize), letter: &[u8]) {
        let Some(liar) = self.liar.as_ref().filter(|liar| ends.0 == liar.house || ends.1 == liar.house) else { return };
        let to = lock(&self.houses).get(ends.1).map(|house| (house.id, house.sealing()));
        if let Some(to) = to {
            liar.hears(ends, letter, to);
        }
    }

    fn cut(&self, dice: &Dice) {
        let (ends, weather) = self.any_line(dice);
        let stays = dice.chance(40);
        weather.cut(stays);
        self.tally.note("line: cut");
        self.story.fails(&format!("{} is cut{}", self.between(ends), if stays { " and stays so" } else { "" }));
    }

    fn fall_silent(&self, dice: &Dice) {
        let (ends, weather) = self.any_line(dice);
        let from = if dice.chance(50) { ends.0 } else { ends.1 };
        weather.silence(from);
        self.tally.note("line: cut one way");
        self.story.fails(&format!("{}: nothing comes from {} any more", self.between(ends), self.name(from)));
    }

    fn slow_down(&self, dice: &Dice) {
        let (ends, weather) = self.any_line(dice);
        let most = Duration::from_millis(500 + dice.next() % 20_000);
        weather.slow(most);
        self.tally.note("line: slow");
        self.story.fails(&format!("{}: a frame takes up to {} ms", self.between(ends), most.as_millis()));
    }

    fn clear_one(&self, dice: &Dice) {
        let (ends, weather) = self.any_line(dice);
        weather.clear();
        self.story.fails(&format!("{} stands", self.between(ends)));
    }

    /// A letter arrives once more, or at last, by another way.
    fn copy_arrives(self: &Arc<Self>, dice: &Dice) {
        let lost = dice.chance(60);
        let Some(copy) = self.copies.any(lost, |most| dice.below(most)) else { return };
        let (from, to) = copy.ends;
        let Some(running) = self.running(to) else { return };
        self.tally.note(if copy.lost { "letters: overtaken" } else { "letters: doubled" });
        self.story.tell(&format!("a copy of a letter of {} reaches {} by another way", self.name(from), self.name(to)));
        let Some(sender) = lock(&self.houses).get(from).map(|house| house.id) else { return };
        tokio::spawn(async move { Post(running.node).receive(&sender, copy.letter).await });
    }

    async fn power_fails(self: &Arc<Self>, dice: &Dice) -> Result<(), Broken> {
        let number = dice.below(self.houses());
        if dice.chance(70) {
            people::act_at(self, &Dice::new(dice.next()), number);
            sleep(Duration::from_millis(dice.next() % 120)).await;
        }
        let (loss, name, cut_off) = {
            let mut houses = lock(&self.houses);
            let Some(house) = houses.get_mut(number).filter(|house| house.running.is_some()) else { return Ok(()) };
            let (told, disk) = house.teller();
            let cut_off = disk.operations() > told.load(Ordering::Relaxed);
            (house.crash(dice), house.name.clone(), cut_off)
        };
        self.lines.values().for_each(Weather::wake);
        self.tally.note(match loss {
            PowerLoss::Unsynced => "power: unsynced bytes lost",
            PowerLoss::Torn => "power: sectors torn",
            PowerLoss::Reordered => "power: operations reordered",
            PowerLoss::Names => "power: names lost",
        });
        if cut_off {
            self.tally.note("power: what was under way was cut off");
        }
        self.story.fails(&format!("the power of {name} fails ({loss:?})"));
        if dice.chance(70) { self.start_all(dice).await } else { Ok(()) }
    }

    async fn start_all(self: &Arc<Self>, dice: &Dice) -> Result<(), Broken> {
        // Another runtime turn, so that a node that was told to stop lets go of what it holds.
        tokio::task::yield_now().await;
        for house in lock(&self.houses).iter_mut().filter(|house| house.running.is_none()) {
            if dice.chance(30) {
                house.damaged(dice)?;
                self.tally.note("disk: a flipped bit");
            }
            match house.start() {
                // A disk that was put back need not open.
                Err(_) if self.liar.as_ref().is_some_and(|liar| house.id == liar.id()) => continue,
                started => started?,
            }
            self.story.tell(&format!("{} runs again", house.name));
        }
        let (now, later) = lock(&self.unsure).drain(..).partition(|asked: &Ask| self.running(asked.house).is_some());
        lock(&self.unsure).extend::<Vec<Ask>>(later);
        let now: Vec<Ask> = now;
        now.into_iter().for_each(|asked| people::ask(self, asked));
        Ok(())
    }

    fn any_line(&self, dice: &Dice) -> ((usize, usize), &Weather) {
        let which = dice.below(self.lines.len());
        self.lines.iter().nth(which).map_or_else(|| unreachable!("two houses have a line"), |(ends, one)| (*ends, one))
    }

    fn between(&self, ends: (usize, usize)) -> String {
        format!("the line {}-{}", self.name(ends.0), self.name(ends.1))
    }

    /// What decides about a line.
    pub fn seed_of(&self, ends: (usize, usize)) -> u64 {
        let line = u64::try_from(ends.0 * 64 + ends.1 + 1).unwrap_or_default();
        self.seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ line
    }

    /// How the line between two houses is.
    pub fn weather(&self, ends: (usize, usize)) -> Option<&Weather> {
        self.lines.get(&(ends.0.min(ends.1), ends.0.max(ends.1)))
    }

    /// How many houses there are.
    pub fn houses(&self) -> usize {
        self.names.len()
    }

    /// What a house is called.
    pub fn name(&self, house: usize) -> String {
        self.names.get(house).cloned().unwrap_or_default()
    }

    /// A house's node, if it runs.
    pub fn running(&self, house: usize) -> Option<Running> {
        lock(&self.houses).get(house).and_then(|house| house.running.clone())
    }

    /// Who a house is.
    pub fn organisation(&self, house: usize) -> Option<OrgId> {
        lock(&self.houses).get(house).map(|house| house.id)
    }

    /// A node tells somebody outside something: `false` if its power is gone, and nobody hears it.
    pub fn tells(&self, house: usize, by: &Running) -> bool {
        let houses = lock(&self.houses);
        let Some(house) = houses.get(house) else { return false };
        let runs = house.running.as_ref().is_some_and(|running| Arc::ptr_eq(&running.node, &by.node));
        if runs {
            house.tells();
        }
        runs
    }

    /// Trails that people of a house know of, and whether they opened them.
    pub fn trails_of(&self, house: usize) -> Vec<(TrailId, bool)> {
        let told = lock(&self.told);
        let of = |(trail, told): (&TrailId, &Told)| {
            let opens = told.ends.0 == house;
            (opens || told.ends.1 == house).then_some((told.number, *trail, opens))
        };
        let mut known: Vec<_> = told.trails.iter().filter_map(of).collect();
        known.sort();
        known.into_iter().map(|(_, trail, opens)| (trail, opens)).collect()
    }

    /// The other house of a trail.
    pub fn other(&self, trail: TrailId, house: usize) -> Option<usize> {
        let told = lock(&self.told);
        let (opener, peer) = told.trails.get(&trail)?.ends;
        Some(if opener == house { peer } else { opener })
    }

    /// Somebody waits for an answer.
    pub fn begins(&self) {
        self.asking.fetch_add(1, Ordering::Relaxed);
    }

    /// They do not any more.
    pub fn ends(&self) {
        self.asking.fetch_sub(1, Ordering::Relaxed);
    }

    /// Nobody knows whether it was recorded: it is asked again.
    pub fn unsure(&self, asked: Ask) {
        lock(&self.unsure).push(asked);
    }

    /// What a node answered is noted: from now on it may not be missing.
    pub fn answered(&self, asked: &Ask, answer: Result<Answer, Broken>) {
        let mut told = lock(&self.told);
        let number = told.trails.len();
        let who = self.name(asked.house);
        match (&asked.what, answer) {
            (What::Open(to), Ok(Answer::Opened(trail))) => {
                let ends = (asked.house, *to);
                told.trails.entry(trail).or_insert(Told { number, ends, events: Vec::new() });
                self.tally.note("opened");
                self.story.tell(&format!("{who} opens trail {number} with {}", self.name(*to)));
            }
            (What::Say(trail, word), Ok(Answer::Said(event))) => {
                if let Some(told) = told.trails.get_mut(trail) {
                    self.tally.note(word);
                    self.story.tell(&format!("{who} says {word} in trail {}", told.number));
                    if !told.events.contains(&(asked.house, event)) {
                        told.events.push((asked.house, event));
                    }
                }
            }
            (What::Open(_), Err(refused)) => {
                self.tally.note("refused: opening");
                self.story.tell(&format!("{who} may not open: {}", refused.why));
            }
            (What::Say(_, word), Err(refused)) => {
                self.tally.note("a step that is not allowed");
                self.story.tell(&format!("{who} may not say {word}: {}", refused.why));
            }
            _ => {}
        }
    }
}
