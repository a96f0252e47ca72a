package abi

// What a guest exports besides if its manifest has a plugin of KindHealth.
const (
	ExportJudgeFrame = "signpost_judge_frame" // () → i32: address of the JudgeFrame, JudgeFrameLen bytes, a multiple of 8, the same for ever
	ExportJudge      = "signpost_judge"       // (policy i32) → i32: 0, or any other number for "I cannot"
)

// Limits of what a judge is told. A host refuses or leaves out more.
const (
	VantageMax   = 64 // vantage points of a check
	AttemptMax   = 32 // attempts of a vantage point: the latest ones
	ReasonMax    = 64 // reasons in a plugin's manifest
	ReasonLenMax = 80 // bytes of one
)

// A JudgeFrame is where a health plugin finds what is known of one check, and puts its verdict. The host writes History, with as many
// vantage points and attempts as there are, sets the verdict to the earlier one without share and reason, calls judge, then reads the verdict.
type JudgeFrame struct {
	History History
	Verdict Verdict
}

// History is the input half of a JudgeFrame.
type History struct {
	VantageCount uint32
	Before       uint8 // the verdict so far: HealthUnknown, HealthUp or HealthDown
	Prior        uint8 // the verdict before that one; HealthUnknown: there was none, or nobody knows
	_            [2]byte
	HeldMillis   uint32 // since when it stands; 0 while it is unknown, and at most 2³²-1
	_            [52]byte
	Vantages     [VantageMax]Vantage
}

// Vantage is what one vantage point saw: this server, another one, or a check that this one is made of.
type Vantage struct {
	AttemptCount uint32 // 0 to AttemptMax
	Health       uint8  // its own verdict, where it has one; HealthUnknown otherwise
	_            [3]byte
	HeldMillis   uint32 // since when that stands
	_            [4]byte
	Attempts     [AttemptMax]Attempt // the latest first
}

// Attempt is one probe of the target.
type Attempt struct {
	AgeMillis  uint32 // since it ended
	TookMicros uint32
	Code       uint16 // status of HTTP; 0 where there is none
	OK         uint8  // 1: it succeeded
	_          [5]byte
}

// Verdict is the output half of a JudgeFrame.
type Verdict struct {
	Health uint8  // HealthUnknown, HealthUp or HealthDown
	Share  uint8  // 0..100: percent of its weight that the target gets while it is up, 0: it counts as down; ShareUnsaid: 100
	Reason uint16 // 0: none; otherwise the place in the manifest's reasons, from 1
	Value  uint32 // stands in the reason's text for its first #
	_      [8]byte
}

// ShareUnsaid in Verdict.Share, which is there before the call, says that the target gets all of its weight.
const ShareUnsaid = 255

// Byte offsets in a JudgeFrame.
const (
	VantageCountOff  = 0
	BeforeOff        = 4
	PriorOff         = 5
	HeldOff          = 8
	VantagesOff      = 64
	VantageLen       = 16 + AttemptMax*AttemptLen
	AttemptCountOff  = 0 // in a vantage point
	VantageHealthOff = 4 // in a vantage point
	VantageHeldOff   = 8 // in a vantage point
	AttemptsOff      = 16
	AttemptLen       = 16
	AttemptAgeOff    = 0  // in an attempt
	AttemptTookOff   = 4  // in an attempt
	AttemptCodeOff   = 8  // in an attempt
	AttemptOKOff     = 10 // in an attempt

	VerdictHealthOff = VantagesOff + VantageMax*VantageLen
	VerdictShareOff  = VerdictHealthOff + 1
	VerdictReasonOff = VerdictHealthOff + 2
	VerdictValueOff  = VerdictHealthOff + 4
	JudgeFrameLen    = VerdictHealthOff + 16
)
