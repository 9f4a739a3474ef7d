//! The rows of `specs/catalogue.tsv`.

use super::{
    ValueType::{
        Attestation, Code, Codes, Date, DateTime, Digest, Hours, Integer, Labels, Language, LastDay, Municipalities,
        Municipality, Name, Names, Pseudonym, Reference, Region, Tasks, Telephone, Text, Window,
    },
    label::{Beside, Cell, Class, Row},
};
use Class::{P1, P2, P3, P4};

const NO: Cell = Cell::Never;
const S0: Cell = Cell::Enquiry;
const S1: Cell = Cell::Need;
const S2: Cell = Cell::Identity;
const TICK: Cell = Cell::Ticked;
const ASKED: Cell = Cell::Asked;
const LAW: Cell = Cell::Law;
const LIFE: Cell = Cell::Life;

const ASK: Beside = Beside::Nothing;
const REPLY: Beside = Beside::Reply;
const BASIS: Beside = Beside::Basis;
const BOTH: Beside = Beside::Both;
const STAFF: Beside = Beside::ReplyStaff;
const SECOND: Beside = Beside::BasisStaff;

macro_rules! labels {
    ($($label:ident = $name:literal, $class:ident, $value_type:expr, $cells:expr, $beside:ident, $meaning:literal;)*) => {
        /// A name of the catalogue; ascending order is that of the table.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Label {
            $(#[doc = $meaning] $label,)*
        }

        impl Label {
            /// Every label, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$label),*];

            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$label),)*
                    _ => None,
                }
            }

            pub(super) const fn row(self) -> &'static Row {
                match self {
                    $(Self::$label => const {
                        &Row {
                            name: $name,
                            class: $class,
                            value_type: $value_type,
                            cells: $cells,
                            beside: $beside,
                            meaning: $meaning,
                        }
                    },)*
                }
            }
        }
    };
}

#[rustfmt::skip]
labels! {
    Places = "places", P1, Integer { min: 1, max: 20 }, [S0, NO, S0, NO, S0, NO, S0, NO, NO, S0, NO, S0, NO, NO], REPLY, "How many beds are asked for, or held.";
    NeededWhen = "needed_when", P1, Window, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], REPLY, "From when the service is needed, at the earliest and at the latest.";
    Adults = "adults", P1, Integer { min: 0, max: 20 }, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "How many adults need it.";
    Children = "children", P1, Integer { min: 0, max: 20 }, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "How many children come with them.";
    Families = "families", P1, Integer { min: 1, max: 50 }, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "How many families or persons a round of visits goes to.";
    EntryRoute = "entry_route", P1, Code(&["herself", "child", "guardian", "family", "witness", "service", "outreach", "leaflet"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "How the request came to the sender.";
    MeetingWhen = "meeting_when", P1, Window, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], REPLY, "When the meeting is, or could be.";
    MeetingForm = "meeting_form", P1, Code(&["in_person", "remote", "telephone"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], REPLY, "How the meeting is held.";
    Agenda = "agenda", P1, Codes(&["care_plan", "guardianship", "legal_steps", "measures", "placement", "review", "risk", "school", "services"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], REPLY, "What the meeting, or the advice, is about.";
    VisitWhen = "visit_when", P1, Window, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], REPLY, "When the visit is, or could be.";
    VisitPurpose = "visit_purpose", P1, Code(&["accompany", "assessment", "check_up", "living_conditions", "school_attendance", "street_work"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "What the visit, or going out together, is for.";
    InformationAsked = "information_asked", P1, Labels, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "Which labels are asked for.";
    RequestPurpose = "request_purpose", P1, Code(&["assess_risk", "court", "decide_measure", "find_child", "plan_care", "protect_others", "verify"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "What the information, or the case, is asked for.";
    BreachKind = "breach_kind", P1, Code(&["altered", "lost", "sent", "shown", "stolen", "unavailable"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "What happened to the values.";
    BreachLabels = "breach_labels", P1, Labels, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "Which labels it happened to.";
    BreachFoundOn = "breach_found_on", P1, Date, [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "When it was found.";
    BreachMeasures = "breach_measures", P1, Codes(&["access_closed", "authority_informed", "device_locked", "her_safety_assessed", "keys_changed", "police_informed", "recalled"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], ASK, "What was done about it.";
    AccessNeeds = "access_needs", P1, Codes(&["assistance_animal", "childcare", "cot", "ground_floor", "hearing_loop", "lift", "personal_assistant", "quiet_room", "sign_language", "step_free", "wheelchair"]), [S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0, S0], REPLY, "What the place must offer so that they can use it; never a diagnosis.";
    AgeBand = "age_band", P2, Code(&["0_5", "6_11", "12_14", "15_17", "18_29", "30_59", "60_plus"]), [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, TICK, S1, NO], ASK, "Her age band.";
    DateOfBirth = "date_of_birth", P2, Date, [TICK, LAW, S2, TICK, S2, NO, S2, S2, TICK, S2, TICK, NO, LAW, NO], ASK, "Her date of birth.";
    Name = "name", P2, Name, [S2, LAW, S2, S2, S2, TICK, S2, S2, S2, S2, TICK, NO, LAW, NO], ASK, "Her name, or the alias she uses.";
    IdentityNumber = "identity_number", P2, Reference, [NO, LAW, TICK, TICK, TICK, NO, TICK, TICK, TICK, TICK, NO, NO, LAW, NO], ASK, "Number of an identity card or asylum paper.";
    Sex = "sex", P2, Code(&["female", "male", "other", "not_said"]), [S1, S2, S2, TICK, S2, TICK, S1, TICK, TICK, S1, TICK, NO, S2, NO], ASK, "Her sex or gender, as she says it.";
    Language = "language", P2, Language, [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], ASK, "The language to speak with her.";
    Interpreter = "interpreter", P2, Code(&["needed", "not_needed"]), [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], ASK, "Whether an interpreter is needed.";
    CommunicationNeeds = "communication_needs", P3, Codes(&["easy_language", "lip_reading", "sign_language", "slow_speech", "supporter_present", "written"]), [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], ASK, "How to communicate with her; functional, never a diagnosis.";
    CompetentMunicipality = "competent_municipality", P2, Municipality, [TICK, S1, S1, TICK, NO, NO, S1, S2, S2, S1, TICK, NO, S1, NO], ASK, "The municipality whose bodies are competent for her.";
    MunicipalitiesToAvoid = "municipalities_to_avoid", P4, Municipalities, [S1, NO, NO, NO, TICK, NO, TICK, TICK, NO, TICK, NO, NO, NO, NO], ASK, "Where she must not be placed or sent.";
    HomeAddress = "home_address", P4, Text { max: 200 }, [NO, LAW, TICK, TICK, NO, NO, S2, NO, NO, NO, TICK, NO, LAW, NO], ASK, "The address she has left or lives at; never a shelter's.";
    CurrentLocation = "current_location", P4, Text { max: 200 }, [NO, LIFE, LIFE, NO, LIFE, NO, LIFE, NO, NO, LIFE, NO, LIFE, LIFE, NO], ASK, "Where she is at this moment, in danger to life only; never a shelter's address.";
    SafeContactChannel = "safe_contact_channel", P4, Code(&["call", "text_message", "in_person", "through_sender"]), [S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, TICK, S2, NO], ASK, "The way of contact that she said is safe.";
    SafeContactTelephone = "safe_contact_telephone", P4, Telephone, [S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, TICK, S2, NO], ASK, "The number that she said is safe.";
    SafeContactHours = "safe_contact_hours", P4, Hours, [S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, TICK, S2, NO], ASK, "The hours at which contact is safe, by her clock.";
    SafeContactCodeWord = "safe_contact_code_word", P4, Name, [S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, TICK, S2, NO], ASK, "The word by which she knows the caller.";
    SafeContactMessage = "safe_contact_message", P4, Code(&["may_leave", "must_not_leave"]), [S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, TICK, S2, NO], ASK, "Whether a message may be left.";
    ExcludedPersons = "excluded_persons", P4, Names, [S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, S2, NO], ASK, "Persons at the recipient who must not see it.";
    ImmediateDanger = "immediate_danger", P4, Code(&["yes", "no", "unknown"]), [S1, S1, S1, S1, S1, S1, S1, S1, NO, S1, S1, S1, S1, NO], ASK, "Whether she is in danger now.";
    RiskLevel = "risk_level", P4, Code(&["low", "medium", "high", "extreme"]), [S1, S1, S1, TICK, TICK, TICK, S1, NO, NO, TICK, TICK, TICK, S1, NO], ASK, "The level of risk that was assessed.";
    RiskTool = "risk_tool", P4, Code(&["national", "professional_judgement", "questionnaire"]), [S1, S1, S1, TICK, TICK, TICK, S1, NO, NO, TICK, TICK, TICK, S1, NO], ASK, "What the risk was assessed with.";
    RiskDate = "risk_date", P4, Date, [S1, S1, S1, TICK, TICK, TICK, S1, NO, NO, TICK, TICK, TICK, S1, NO], ASK, "When the risk was assessed.";
    RiskChange = "risk_change", P4, Code(&["child_contact", "lower", "measure_ends", "moved_near", "new_report", "new_threat", "released", "weapon"]), [S1, S1, S1, TICK, TICK, TICK, S1, NO, NO, TICK, TICK, TICK, S1, NO], ASK, "What has changed in the risk.";
    RiskChangeOn = "risk_change_on", P4, Date, [S1, S1, S1, TICK, TICK, TICK, S1, NO, NO, TICK, TICK, TICK, S1, NO], ASK, "From when the change counts.";
    RiskFactors = "risk_factors", P4, Codes(&["child_contact_dispute", "earlier_measure", "earlier_violence", "fear_and_own_estimate", "mental_illness", "substance_abuse", "threat_of_murder", "threat_of_suicide", "weapon"]), [TICK, LAW, S2, TICK, TICK, TICK, S2, NO, NO, NO, NO, NO, LAW, NO], ASK, "Structured factors of the risk.";
    WeaponAccess = "weapon_access", P4, Code(&["yes", "no", "unknown"]), [TICK, S2, TICK, NO, LIFE, NO, TICK, NO, NO, NO, NO, NO, S2, NO], ASK, "Whether the perpetrator has access to a weapon.";
    ProtectiveOrder = "protective_order", P3, Code(&["barring", "emergency_measure", "eviction", "restraining", "other"]), [S2, S2, S2, S2, NO, NO, S2, TICK, NO, TICK, TICK, NO, S2, NO], ASK, "Which protective order is in force.";
    ProtectiveOrderUntil = "protective_order_until", P3, LastDay, [S2, S2, S2, S2, NO, NO, S2, TICK, NO, TICK, TICK, NO, S2, NO], ASK, "Until when the protective order is in force.";
    PerpetratorRelationship = "perpetrator_relationship", P3, Code(&["partner", "former_partner", "parent", "child", "sibling", "other_family", "employer", "acquaintance", "stranger", "unknown"]), [S1, S2, S2, S2, TICK, TICK, S1, NO, NO, TICK, NO, NO, S2, NO], ASK, "What the perpetrator is to her.";
    PerpetratorName = "perpetrator_name", P4, Name, [TICK, LAW, TICK, S2, NO, NO, S2, TICK, NO, NO, NO, NO, LAW, NO], ASK, "Who the perpetrator is.";
    ViolenceTypes = "violence_types", P3, Codes(&["denial_of_resources", "forced_marriage", "physical_assault", "psychological_abuse", "rape", "sexual_assault"]), [S1, S2, S2, S2, TICK, TICK, S1, NO, NO, TICK, NO, TICK, S2, NO], ASK, "Forms of violence: the six core types of GBVIMS, by what was done.";
    ViolenceContext = "violence_context", P3, Codes(&["child_sexual_abuse", "early_marriage", "family_violence", "harmful_practice", "intimate_partner", "neglect", "online", "sexual_exploitation", "sexual_slavery", "stalking", "trafficking"]), [S1, S2, S2, S2, TICK, TICK, S1, NO, NO, TICK, NO, TICK, S2, NO], ASK, "In which context the violence was done; it changes no core type.";
    Confidence = "confidence", P3, Code(&["confirmed", "suspected", "told"]), [S1, S1, S1, S2, TICK, TICK, S1, S1, NO, TICK, S1, TICK, S1, NO], ASK, "How sure the sender is of what is reported.";
    TimeSinceIncident = "time_since_incident", P3, Code(&["under_24_h", "under_72_h", "under_120_h", "under_1_month", "longer", "unknown"]), [TICK, S2, TICK, S2, S1, NO, S1, NO, NO, NO, NO, TICK, S2, NO], ASK, "How long ago the last incident was.";
    ChildrenAgeBands = "children_age_bands", P2, Codes(&["0_5", "12_14", "15_17", "6_11"]), [S1, S2, S1, TICK, TICK, TICK, S1, S1, TICK, S1, S1, NO, S2, NO], ASK, "Age bands of the children with her.";
    ChildrenNames = "children_names", P2, Names, [S2, LAW, S2, TICK, TICK, NO, S2, S2, NO, S2, S2, NO, LAW, NO], ASK, "Names of the children with her.";
    ChildCollectors = "child_collectors", P4, Names, [TICK, NO, TICK, NO, NO, NO, S2, S2, NO, TICK, S2, NO, NO, NO], ASK, "Who may collect the child.";
    GuardianName = "guardian_name", P2, Name, [S2, S2, S1, S2, S2, S2, S1, S2, TICK, S1, S2, NO, S2, NO], ASK, "The guardian or legal representative.";
    GuardianClass = "guardian_class", P2, Code(&["parent", "other_parent", "relative", "other_relative", "appointed_guardian", "temporary_guardian", "institution"]), [S2, S2, S1, S2, S2, S2, S1, S2, TICK, S1, S2, NO, S2, NO], BASIS, "What kind of guardian it is; other_: not the one who is suspected.";
    GuardianAuthority = "guardian_authority", P2, Reference, [S2, S2, S1, S2, S2, S2, S1, S2, TICK, S1, S2, NO, S2, NO], BASIS, "The document on which the guardian's authority rests.";
    MigrationStatus = "migration_status", P3, Code(&["asylum_seeker", "citizen", "displaced", "refugee", "stateless", "undocumented", "unaccompanied_child", "other"]), [TICK, LAW, TICK, TICK, TICK, NO, S1, TICK, TICK, S1, TICK, NO, LAW, NO], ASK, "Migration status; whether a child is unaccompanied.";
    Ethnicity = "ethnicity", P3, Name, [NO, NO, TICK, NO, NO, NO, NO, TICK, TICK, TICK, NO, NO, NO, NO], ASK, "Ethnicity, as she says it.";
    Nationality = "nationality", P3, Region, [NO, NO, TICK, NO, NO, NO, NO, TICK, TICK, TICK, NO, NO, NO, NO], ASK, "Nationality, as a region code.";
    HealthNeeds = "health_needs", P3, Codes(&["infection_control", "injury_care", "medication_continuity", "mobility_aid", "pregnancy_care", "sexual_violence_care"]), [S1, LIFE, TICK, NO, S2, TICK, TICK, NO, NO, TICK, TICK, NO, LIFE, NO], ASK, "What must be done for her health; never a diagnosis.";
    SelfHarmRisk = "self_harm_risk", P3, Code(&["none_known", "past", "present"]), [TICK, LIFE, TICK, NO, S2, S2, TICK, NO, NO, TICK, NO, TICK, LIFE, NO], ASK, "Risk to herself.";
    SubstanceUse = "substance_use", P3, Code(&["none_known", "in_treatment", "present"]), [TICK, NO, NO, NO, TICK, TICK, NO, NO, NO, NO, NO, NO, NO, NO], ASK, "Use of substances, where the service must know.";
    OrientationOrIdentity = "orientation_or_identity", P3, Codes(&["bisexual", "gay", "intersex", "lesbian", "other", "trans"]), [TICK, NO, NO, TICK, TICK, TICK, NO, NO, NO, NO, NO, NO, NO, NO], ASK, "Sexual orientation or gender identity, only as she ticked it.";
    TraffickingIndicators = "trafficking_indicators", P3, Codes(&["controlled_by_others", "debt", "documents_withheld", "forced_labour", "moved_across_border", "sexual_exploitation"]), [S1, LAW, LAW, TICK, TICK, TICK, LAW, NO, NO, S1, NO, TICK, LAW, NO], ASK, "Indicators of trafficking.";
    DocumentsMissing = "documents_missing", P2, Codes(&["birth_registration", "health_insurance", "identity_card", "passport", "residence_permit", "school_papers"]), [TICK, NO, S2, S2, TICK, NO, S2, S2, TICK, S2, TICK, NO, NO, NO], ASK, "Which papers are missing.";
    BenefitsAtStake = "benefits_at_stake", P2, Codes(&["child_allowance", "disability", "housing", "maternity", "pension", "social_assistance"]), [TICK, NO, S2, NO, NO, NO, TICK, NO, TICK, NO, NO, NO, NO, NO], ASK, "Which benefits she may lose.";
    Schooling = "schooling", P2, Code(&["none", "primary", "secondary", "vocational", "higher", "interrupted"]), [NO, NO, TICK, NO, NO, NO, TICK, S2, S2, TICK, TICK, NO, NO, NO], ASK, "Schooling.";
    WorkHistory = "work_history", P2, Text { max: 200 }, [NO, NO, TICK, NO, NO, NO, TICK, S2, S2, TICK, TICK, NO, NO, NO], ASK, "Work that she has done.";
    ServicesGiven = "services_given", P1, Codes(&["child_protection", "day_centre", "employment", "health", "hotline", "justice", "legal_aid", "migrant_reception", "oversight", "police", "psychosocial", "school", "shelter", "social_work"]), [TICK, TICK, TICK, TICK, TICK, TICK, TICK, TICK, TICK, TICK, TICK, TICK, TICK, NO], ASK, "Kinds of service that she has already been given.";
    HerParticipation = "her_participation", P2, Code(&["asked_and_declined", "not_able", "not_asked_unsafe", "represented", "takes_part"]), [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], ASK, "Whether she takes part in what is planned for her.";
    Attended = "attended", P2, Codes(&["advocate", "child_protection", "day_centre", "employment", "health", "herself", "hotline", "justice", "legal_aid", "migrant_reception", "oversight", "police", "psychosocial", "school", "shelter", "social_work"]), [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], ASK, "Who was at the meeting.";
    DecisionsTaken = "decisions_taken", P3, Codes(&["authority_asked", "case_closed", "measure_proposed", "next_meeting", "no_agreement", "plan_agreed"]), [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], ASK, "What the meeting decided.";
    PlanTasks = "plan_tasks", P3, Tasks, [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], ASK, "Who does what by which day.";
    NeedStatement = "need_statement", P3, Text { max: 500 }, [TICK, S2, S2, S2, S2, S2, S2, TICK, TICK, S2, TICK, TICK, S2, NO], ASK, "What is needed, in words; no names, no addresses.";
    ReporterName = "reporter_name", P4, Name, [NO, LAW, LAW, NO, NO, NO, LAW, NO, NO, NO, NO, NO, LAW, NO], ASK, "Who reported; shielded from everybody else.";
    Attachment = "attachment", P3, Digest, [NO, LAW, LAW, TICK, TICK, NO, LAW, NO, NO, NO, NO, NO, LAW, NO], ASK, "SHA-256 of a document that is handed over by separate consent.";
    Provenance = "provenance", P3, Attestation, [ASKED, ASKED, ASKED, TICK, ASKED, TICK, ASKED, TICK, TICK, ASKED, TICK, TICK, ASKED, NO], ASK, "What an organisation before the sender signed of what is said here.";
    ConsentGivenBy = "consent_given_by", P2, Code(&["herself", "with_interpreter", "with_supporter", "legal_representative", "delegate"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Who gave the consent.";
    ConsentForm = "consent_form", P2, Code(&["written", "oral_witnessed", "oral_recorded"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "In which form the consent was given.";
    ConsentLanguage = "consent_language", P2, Language, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "In which language the consent was asked and given.";
    ConsentPurpose = "consent_purpose", P2, Text { max: 200 }, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "What the consent is for.";
    ConsentUntil = "consent_until", P2, LastDay, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "The last day of the consent.";
    ConsentTicked = "consent_ticked", P2, Labels, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Labels that she ticked for this recipient.";
    ChildAssent = "child_assent", P2, Code(&["assents", "too_young", "cannot_say"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "The own view of the child, or of an adult under guardianship; who objects has not assented.";
    DelegateClass = "delegate_class", P2, Code(&["case_worker", "relative", "other_relative", "supporter", "temporary_guardian", "volunteer"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Who came in the place of the guardian, or of herself, under a mandate; other_: not the one who is suspected.";
    MandateReference = "mandate_reference", P2, Reference, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "The document by which somebody was sent in another's place.";
    MandateScope = "mandate_scope", P2, Codes(&["child_protection", "day_centre", "employment", "health", "hotline", "justice", "legal_aid", "migrant_reception", "oversight", "police", "psychosocial", "school", "shelter", "social_work"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Kinds of service with which the delegate may act.";
    MandateUntil = "mandate_until", P2, DateTime, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Until when the mandate lasts.";
    BestInterestsReason = "best_interests_reason", P3, Code(&["caregiver_suspected", "caregiver_unreachable", "no_caregiver"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Why nobody can consent for the child.";
    Supervisor = "supervisor", P1, Pseudonym, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], SECOND, "The pseudonym of the second person, who approved; the organisation's word.";
    AuthorityInformed = "authority_informed", P2, Code(&["before", "at_the_same_time", "not_yet"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Whether the guardian authority was informed.";
    ClientTold = "client_told", P2, Code(&["told", "told_in_part", "not_told_unsafe", "not_reachable"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "What she was told about the report.";
    ClientToldOn = "client_told_on", P2, Date, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "When she was told, or when it was decided that she could not be.";
    Danger = "danger", P4, Code(&["life", "grave_injury", "abduction", "self_harm"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Which danger nobody could consent in.";
    BasisUntil = "basis_until", P2, DateTime, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "Until when the danger is taken to last.";
    ReviewBy = "review_by", P2, DateTime, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BASIS, "By when a second person must review it.";
    DecisionReference = "decision_reference", P2, Reference, [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], BOTH, "The number of a decision.";
    DecisionIssuer = "decision_issuer", P2, Name, [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], BOTH, "The body that decided.";
    DecisionDate = "decision_date", P2, Date, [S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, S1, NO], BOTH, "The date of a decision.";
    DecisionUntil = "decision_until", P2, LastDay, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], BOTH, "The last day that a decision counts.";
    ReasonInWords = "reason_in_words", P3, Text { max: 300 }, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], REPLY, "A reason beside the code.";
    Conditions = "conditions", P3, Text { max: 300 }, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], REPLY, "What must be so for the answer to hold.";
    VisitFindings = "visit_findings", P3, Codes(&["attends_school", "child_begging", "drops_out", "enrolled", "needs_care", "needs_documents", "needs_food", "neglect_signs", "no_concern"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], REPLY, "What a visit found, by code.";
    WithdrawalSaidBy = "withdrawal_said_by", P2, Code(&["herself", "guardian", "advocate", "legal_representative"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], REPLY, "Who said that she withdraws.";
    ActorRole = "actor_role", P1, Code(&["intake", "case_worker", "supervisor", "duty_worker", "guardian_officer", "police_officer", "lawyer", "health_worker", "volunteer", "machine"]), [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], STAFF, "The role of the person who acted.";
    Actor = "actor", P1, Pseudonym, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO], STAFF, "The pseudonym of the person who acted; the organisation's word.";
}
