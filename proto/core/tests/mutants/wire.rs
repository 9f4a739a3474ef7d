//! The codes of acts, bases and decisions in a copy of the evaluator, with their words. The copy needs no more of the schema.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($code:ident = $number:literal, $word:literal;)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name {
                Unspecified = 0,
                $($code = $number,)*
            }

            impl $name {
                pub const ALL: &'static [Self] = &[$(Self::$code,)*];

                pub const fn word(self) -> &'static str {
                    match self {
                        Self::Unspecified => "",
                        $(Self::$code => $word,)*
                    }
                }
            }

            impl TryFrom<i32> for $name {
                type Error = ();

                fn try_from(number: i32) -> Result<Self, ()> {
                    match number {
                        0 => Ok(Self::Unspecified),
                        $($number => Ok(Self::$code),)*
                        _ => Err(()),
                    }
                }
            }

            impl crate::agreement::Code for $name {
                fn every() -> impl Iterator<Item = Self> {
                    Self::ALL.iter().copied()
                }

                fn word(self) -> &'static str {
                    self.word()
                }
            }
        )*
    };
}

codes! {
    /// What a trail asks.
    Act {
        Referral = 1, "referral";
        Notification = 2, "notification";
        Transfer = 3, "transfer";
        TransferRequest = 4, "transfer_request";
        Consultation = 5, "consultation";
        Conference = 6, "conference";
        Visit = 7, "visit";
        DecisionNotice = 8, "decision_notice";
        RiskUpdate = 9, "risk_update";
        InformationRequest = 10, "information_request";
        InformationAnswer = 11, "information_answer";
        JointAction = 12, "joint_action";
        BreachNotice = 13, "breach_notice";
    }
    /// Why values may be disclosed.
    LegalBasis {
        ExplicitConsent = 1, "explicit_consent";
        GuardianConsent = 2, "guardian_consent";
        ChildBestInterests = 3, "child_best_interests";
        LegalDuty = 4, "legal_duty";
        VitalInterests = 5, "vital_interests";
        PublicTaskDecision = 6, "public_task_decision";
        NoneNeededNonpersonal = 7, "none_needed_nonpersonal";
    }
    /// What kind of decision it is.
    DecisionType {
        Guardianship = 1, "guardianship";
        Placement = 2, "placement";
        PoliceMeasure = 3, "police_measure";
        Court = 4, "court";
    }
}
