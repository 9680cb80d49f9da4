"""Which codes belong to which names, and which must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.content.terminology_files import load_terminology
from cds_service.facts.terminology import value_sets
from cds_service.facts.terminology.codings import seventh_character
from cds_service.facts.terminology.concept_names import CONCEPT_NAMES
from cds_service.facts.terminology.conflicts import LookAlike
from cds_service.facts.terminology.value_sets import UNLISTED, Terminology
from cds_service.facts.terminology.vocabulary import LOCAL

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CPT = "http://www.ama-assn.org/go/cpt"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

TERMINOLOGY = load_terminology()


@pytest.fixture
def terminology() -> Terminology:
    return TERMINOLOGY


# What a clinician would expect of each name: (name, system, codes that belong to it).
BELONGS = [
    ("VS-MRICSPINE", CPT, "72141 72142 72156"),
    ("VS-MRICSPINE", LOINC, "24935-9 30667-0 24938-3 24937-5 24936-7 42270-9"),
    ("VS-MRICSPINE", SNOMED, "241646009 60443006 571891000119109"),
    ("VS-MRICSPINE-MULTI", LOINC, "43457-1 43456-3 89284-4 42698-1 30854-4 30855-1 91561-1"),
    ("VS-MRICSPINE-MULTI", SNOMED, "495741000119105 411611000119102"),
    ("MRI-WITHOUT", CPT, "72141"),
    ("MRI-WITHOUT", LOINC, "30667-0"),
    ("MRI-WITHOUT", SNOMED, "571891000119109"),
    ("MRI-WITH", CPT, "72142"),
    ("MRI-WITH", LOINC, "24938-3"),
    ("MRI-WITH", SNOMED, "60443006"),
    ("MRI-WITHOUT-AND-WITH", CPT, "72156"),
    ("MRI-WITHOUT-AND-WITH", LOINC, "24937-5"),
    ("VS-CTCSPINE", CPT, "72125 72126 72127"),
    ("VS-CTCSPINE", LOINC, "24932-6 30592-0 24933-4"),
    ("VS-NECKPAIN", SNOMED, "81680005 279029001 161882006 209557005 39848009 360450007"),
    ("VS-NECKPAIN", SNOMED, "387800004 267970006 725011006"),
    ("VS-NECKPAIN", ICD, "M54.2 M47.812 M50.30 M50.321 S13.4XXA S13.4XXD S16.1XXA"),
    ("VS-NECKPAIN-MECH", ICD, "M54.2 M47.812 M50.30 S13.4XXA"),
    ("VS-NECKPAIN-DEGENERATIVE", ICD, "M47.812 M50.30 M50.33"),
    ("VS-NECKPAIN-DEGENERATIVE", SNOMED, "387800004 267970006"),
    ("VS-RADIC", ICD, "M54.11 M54.12 M54.13 M50.121 M47.22 G54.2 M53.1"),
    ("VS-RADIC", SNOMED, "54404000 11049006 202776005 33420007 35635000"),
    ("VS-DISC", ICD, "M50.00 M50.11 M50.20 S13.0XXA"),
    ("VS-DISC", SNOMED, "240215009 425878001"),
    ("VS-STENOSIS", ICD, "M48.02 M99.31"),
    ("VS-STENOSIS", SNOMED, "83561009"),
    ("VS-LUMBAR", ICD, "M54.16 M54.31 M54.41 M54.50 M51.26 M51.360 M48.061 M48.07 G83.4"),
    ("VS-LUMBAR", SNOMED, "128196005 2415007 202735001 18347007 12454008 192970008"),
    ("VS-CAUDA", ICD, "G83.4"),
    ("VS-CAUDA", SNOMED, "12454008 192970008"),
    ("VS-SADDLE", SNOMED, "449813001"),
    ("VS-MOTOR", ICD, "M62.81 G83.12 G83.21 G82.50 M21.331 M21.372"),
    ("VS-MOTOR", SNOMED, "26544005 713514005 249939004"),
    ("VS-SENS", ICD, "R20.0 R20.2 R20.9"),
    ("VS-SENS", SNOMED, "44077006 91019004 309521004 309537005 725011006"),
    ("VS-REFLEX", ICD, "R29.2"),
    ("VS-REFLEX", SNOMED, "86854008"),
    ("VS-UMN", SNOMED, "86854008 9447003 371028005"),
    ("VS-GAIT", ICD, "R26.0 R26.1 R26.2 R26.81 R26.89 R26.9"),
    ("VS-GAIT", SNOMED, "22325002 394616008 9447003"),
    ("VS-HANDCLUMSY", ICD, "R27.8 R27.9"),
    ("VS-BB", ICD, "R32 R33.8 R33.9 N31.9 N39.41 N39.498 R15.9 K59.2"),
    ("VS-BB", SNOMED, "398064005 267064002 236648008 165232002 72042002 129853007"),
    ("VS-STRESS-INCONTINENCE", ICD, "N39.3"),
    ("VS-STRESS-INCONTINENCE", SNOMED, "60241006"),
    ("VS-MYELO", ICD, "M50.00 M47.12 M47.13 G95.20 G95.29 G95.9 G99.2"),
    ("VS-MYELO", SNOMED, "202664003 65260001 71286001 48522003"),
    ("VS-FEVER", ICD, "R50.9 R50.81"),
    ("VS-FEVER", SNOMED, "386661006"),
    ("VS-IVDU", SNOMED, "226034001 228388006 416479009"),
    ("VS-NEVER-INJECTED", SNOMED, "413096007"),
    ("VS-SUBSTANCE-NO-ROUTE", ICD, "F11.20 F15.10 F19.11"),
    ("VS-SPINEINFECT", ICD, "M46.20 M46.22 M46.30 M46.42 M46.52 M46.49 G06.1 A18.01 T84.63XA"),
    ("VS-SPINEINFECT", SNOMED, "203241002 302935008 2304001 63627007"),
    ("VS-SPINEINFECT-CERVICAL", ICD, "M46.21 M46.32 M46.43 M46.52"),
    ("VS-SPINEINFECT-CERVICAL", SNOMED, "203157008 202744000 427787004"),
    ("VS-SYSTEMIC-INFECTION", ICD, "R78.81 A41.9 I33.0"),
    ("VS-SYSTEMIC-INFECTION", SNOMED, "5758002 301183007 56819008 91302008"),
    ("VS-MALIG", ICD, "C50.911 C79.51 C90.00 C4A.9 C7B.1 Z85.3 Z85.820 Z85.821 C44.91 Z85.828"),
    ("VS-MALIG", SNOMED, "363346000 428262008 266987004"),
    ("VS-NMSC", ICD, "C44.91 C44.01 Z85.828"),
    ("VS-NMSC", SNOMED, "428053000"),
    ("VS-MALIG-CERVICAL", SNOMED, "94250008 187916000 93751003"),
    ("VS-AS", ICD, "M45.9 M45.2 M08.1"),
    ("VS-AS", SNOMED, "9631008"),
    ("VS-INFLAM", ICD, "M05.9 M06.9 M06.00 M07.60 M08.00 M02.30 M46.82 L40.50"),
    ("VS-INFLAM", SNOMED, "69896004 239791005 239792003 410795001 129564003 723116002"),
    ("VS-NECKTRAUMA", ICD, "S12.100A S13.4XXA S14.109A S16.1XXA S19.9XXA S17.9XXD"),
    ("VS-NECKTRAUMA", SNOMED, "269062008 125606003 39848009 725011006 90460009"),
    ("VS-NECKTRAUMA-NEEDS-SITE", SNOMED, "282749008"),
    ("VS-SCI", ICD, "S14.0XXA S14.109A S14.124D"),
    ("VS-SCI", SNOMED, "405754008 441688003 441705005 441794001 441980007"),
    ("VS-SCI-SEQUELA", ICD, "S14.109S S14.0XXS"),
    ("VS-SCI-SEQUELA", SNOMED, "81642009"),
    ("VS-LIG", ICD, "S13.0XXA S13.101A S13.121D M53.2X2"),
    ("VS-LIG", SNOMED, "202821008 209729000"),
    ("VS-CFRACTURE", ICD, "S12.000A S12.9XXA"),
    ("VS-CFRACTURE", SNOMED, "125606003 269062008"),
    ("VS-OSSIFIED", ICD, "M48.8X2 M48.8X3"),
    ("VS-OSSIFIED", SNOMED, "90448008 202747007"),
    ("VS-CSURG", CPT, "22551 22554 22600 22856 63001 63015 63020 63045 63050 63051 63075"),
    ("VS-CSURG", SNOMED, "81099000 53976000 59703009 445429009"),
    ("VS-CSURG-NEEDS-SITE", SNOMED, "55705006 387731002 359586003"),
    ("VS-CSURG-POSSIBLE", ICD, "Z98.1 M96.1"),
    ("VS-FUSION", CPT, "22551 22552 22554 22600 22856 22858"),
    ("VS-FUSION", SNOMED, "81099000 59703009 53976000"),
    ("VS-HARDWARE", ICD, "T84.216A T84.226D T84.296A"),
    ("VS-HARDWARE-NEEDS-SURGERY", ICD, "M96.0"),
    ("VS-PT", CPT, "97110 97112 97140 97530 97161 97164"),
    ("VS-PT", SNOMED, "91251008"),
    ("VS-PT-REFERRAL", SNOMED, "308447003 306170007 444831000124102"),
    ("VS-MANUAL", CPT, "98940 98941 98942"),
    ("VS-TRACTION", SNOMED, "239550006"),
    ("VS-TRACTION-NEEDS-SITE", CPT, "97012"),
    ("VS-ESI", CPT, "62320 62321 64479"),
    ("VS-CONSMED", RXNORM, "5640 7258 3355 41493 140587 35827 161 21949 6845 57258 1292"),
    ("VS-CONSMED", RXNORM, "8640 6902 25480 187832"),
    ("VS-TEMPERATURE", LOINC, "8310-5 8331-1 8332-9 8333-7 8328-7"),
    ("VS-CRP", LOINC, "1988-5"),
    ("VS-HSCRP", LOINC, "30522-7"),
    ("VS-ESR", LOINC, "4537-7 30341-2"),
    ("VS-WBC", LOINC, "6690-2"),
    ("VS-EGFR", LOINC, "33914-3 62238-1 98979-8"),
    ("VS-PAIN", LOINC, "72514-3"),
    ("VS-GCS", LOINC, "9269-2"),
    ("VS-PREGNANCY", ICD, "Z33.1 Z34.00 O09.00 O26.891 O36.0110 Z3A.20"),
    ("VS-PREGNANCY", SNOMED, "77386006"),
    ("VS-PREGNANCY-STATUS", LOINC, "82810-3"),
    ("VS-PREGNANCY-TEST", LOINC, "2106-3 2118-8"),
    ("VS-CIED", ICD, "Z95.0 Z95.810"),
    ("VS-CIED", SNOMED, "441509002 441769002 14106009"),
    ("VS-CLIP", SNOMED, "230898002"),
    ("VS-COCHLEAR", ICD, "Z96.21"),
    ("VS-COCHLEAR", SNOMED, "359612003"),
    ("VS-ORBIT", ICD, "H05.51 H44.601"),
    ("VS-ORBIT", SNOMED, "3426005"),
    ("VS-IMPLANT-OTHER", ICD, "Z96.82 Z18.10 Z18.11"),
    ("VS-CKD-ADVANCED", ICD, "N18.4 N18.5 N18.6 Z99.2"),
    ("VS-AKI", ICD, "N17.9"),
    ("VS-AKI", SNOMED, "14669001"),
    ("VS-GADOLINIUM", SNOMED, "292097002"),
    ("VS-GADOLINIUM", RXNORM, "1310171"),
    ("SITE-NECK", SNOMED, "45048000 122494005"),
    ("SITE-UPPER", SNOMED, "53120007 40983000 85562004"),
    ("SITE-LOWER", SNOMED, "61685007 30021000 56459004"),
    ("SITE-FACE", SNOMED, "89545001"),
    ("LIMB-UPPER", SNOMED, "309521004 298283006 11538006"),
    ("LIMB-UPPER", ICD, "G83.21 G82.50"),
    ("LIMB-LOWER", SNOMED, "309538000 60389000"),
    ("LIMB-LOWER", ICD, "G83.10 G82.20"),
    ("VS-IMMUNO", ICD, "B20 D70.1 Z94.0"),
    ("ANSWER-POSITIVE", SNOMED, "373066001 52101004 10828004 263654008"),
    ("ANSWER-POSITIVE", LOINC, "LA33-6 LA9633-4"),
    ("ANSWER-NEGATIVE", SNOMED, "2667000 260385009 260415000 17621005 373067005"),
    ("ANSWER-NEGATIVE", LOINC, "LA32-8 LA9634-2"),
    ("ANSWER-NORMAL", SNOMED, "17621005"),
    ("ANSWER-ABNORMAL", SNOMED, "263654008"),
    ("ANSWER-YES", SNOMED, "373066001"),
    ("ANSWER-NO", LOINC, "LA32-8"),
]

# Near neighbours that stay out: (name, system, codes that do not belong to it).
STAYS_OUT = [
    ("VS-MRICSPINE", LOINC, "43457-1 42698-1 48447-7"),
    ("MRI-WITHOUT", LOINC, "24935-9"),
    ("VS-CTCSPINE", CPT, "62302 72240"),
    ("VS-NECKPAIN", ICD, "S13.4XXS S16.1XXS M54.6 M50.20 M47.811 M47.22"),
    ("VS-NECKPAIN-MECH", SNOMED, "725011006"),
    ("VS-NECKPAIN-MECH", ICD, "S13.4XXS"),
    ("VS-RADIC", ICD, "M54.1 M54.10 M54.16 M50.0 M50.20"),
    ("VS-STENOSIS", ICD, "M48.0 M48.00 M48.04 M99.23"),
    ("VS-LUMBAR", SNOMED, "449813001"),
    ("VS-CAUDA", SNOMED, "449813001"),
    ("VS-SENS", SNOMED, "449813001 309557009 279079003"),
    ("VS-MOTOR", ICD, "R53.1 R53.81 G80.0 G81.90"),
    ("VS-MOTOR", SNOMED, "309774006 299042006"),
    ("VS-REFLEX", SNOMED, "405946002 36649002"),
    ("VS-UMN", ICD, "R29.2"),
    ("VS-HANDCLUMSY", SNOMED, "302289002 7006003"),
    ("VS-BB", ICD, "N39.3 R33.0 G83.4 K59.00"),
    ("VS-BB", SNOMED, "60241006 12454008"),
    ("VS-MYELO", SNOMED, "202717005 81642009 405754008"),
    ("VS-MYELO", ICD, "M47.16 G95.81 G83.4 M47.1"),
    ("VS-FEVER", ICD, "R50.2 R50.82 R50.83 R50.84"),
    ("VS-IVDU", SNOMED, "413096007"),
    ("VS-IVDU", ICD, "F11.20"),
    ("VS-SPINEINFECT", ICD, "M46.24 M46.26 M46.36 M46.47 M46.58 T84.216A"),
    ("VS-SPINEINFECT-CERVICAL", ICD, "M46.20 M46.29 M46.40 G06.1 T84.63XA"),
    ("VS-MALIG", ICD, "D06.9 D16.6 D48.0 Z80.3 Z86.000 Z12.31"),
    ("VS-NMSC", ICD, "C43.9 C4A.9 Z85.820 Z85.821"),
    ("VS-MALIG-CERVICAL", ICD, "C53.9"),
    ("VS-INFLAM", ICD, "M45.9 M08.1 M46.02 M46.1 M46.92 M06.1 M10.9 M11.20 M19.90"),
    ("VS-INFLAM", SNOMED, "9631008"),
    ("VS-NECKTRAUMA", ICD, "S14.109S S12.100S S12.8XXA S13.5XXA S22.000A"),
    ("VS-NECKTRAUMA", SNOMED, "282749008"),
    ("VS-SCI", ICD, "S14.109S S14.2XXA S14.3XXA S24.109A"),
    ("VS-SCI", SNOMED, "81642009"),
    ("VS-SCI-SEQUELA", ICD, "S14.109A S14.109D S13.4XXS"),
    ("VS-LIG", ICD, "S13.4XXA S13.8XXA S13.101S M53.2X1 M53.2X6"),
    ("VS-LIG", SNOMED, "209557005 39848009"),
    ("VS-CFRACTURE", ICD, "S12.8XXA S12.000S"),
    ("VS-OSSIFIED", ICD, "M48.8X1 M48.8X6 M50.80"),
    ("VS-CSURG", SNOMED, "55705006 50172003 277764006 202725007"),
    ("VS-CSURG", ICD, "Z98.1 M96.1 M43.22"),
    ("VS-HARDWARE", ICD, "M96.0 T84.63XA T84.210A"),
    ("VS-PT", SNOMED, "308447003 306170007 444831000124102"),
    ("VS-PT", CPT, "97012 97162"),
    ("VS-TRACTION", CPT, "97012"),
    ("VS-CONSMED", RXNORM, "1191 10689 5781 72625 8638"),
    ("VS-CONSMED", ICD, "Z79.1"),
    ("VS-CRP", LOINC, "30522-7 76485-2"),
    ("VS-PREGNANCY", LOINC, "82810-3 2106-3"),
    ("VS-PREGNANCY", ICD, "Z33.2 Z32.02 O00.00 O80 O94"),
    ("VS-ORBIT", ICD, "Z18.10 Z18.11 H44.701"),
    ("VS-IMPLANT-OTHER", ICD, "Z18.2"),
    ("VS-CKD-ADVANCED", ICD, "N18.30 N18.9"),
    ("VS-IMMUNO", ICD, "Z79.51 Z94.5 Z94.7"),
]


def _rows(table: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(name, system, code) for name, system, codes in table for code in codes.split()]


@pytest.mark.parametrize(("name", "system", "code"), _rows(BELONGS))
def test_the_code_belongs_to_the_name(
    terminology: Terminology, name: str, system: str, code: str
) -> None:
    assert name in terminology.sets_of(system, code)


@pytest.mark.parametrize(("name", "system", "code"), _rows(STAYS_OUT))
def test_the_neighbour_stays_out(
    terminology: Terminology, name: str, system: str, code: str
) -> None:
    assert name not in terminology.sets_of(system, code)


def _title(entry: LookAlike) -> str:
    return f"{entry.code} is {entry.meaning}"


@pytest.mark.parametrize("entry", TERMINOLOGY.look_alikes, ids=_title)
def test_a_look_alike_matches_none_of_the_names_it_is_mistaken_for(
    terminology: Terminology, entry: LookAlike
) -> None:
    assert entry.must_not_match
    assert not terminology.sets_of(entry.system, entry.code) & set(entry.must_not_match)


def test_the_list_of_look_alikes_is_there() -> None:
    assert len(TERMINOLOGY.look_alikes) > 100


def test_the_shipped_sets_contradict_neither_each_other_nor_the_look_alikes() -> None:
    assert TERMINOLOGY.conflicts() == []


def test_every_name_and_every_code_of_it_is_found_again(terminology: Terminology) -> None:
    assert terminology.names == CONCEPT_NAMES
    for name in terminology.names:
        for system, code in terminology.codes(name):
            assert name in terminology.sets_of(system, code)


EMPTY_ON_PURPOSE = {
    "VS-CSURG-HX",
    "VS-CRYSTAL",
    "VS-CKD",
    "VS-WEIGHTLOSS",
    "VS-DISH",
    "VS-MIMIC",
}


@pytest.mark.parametrize("name", sorted(CONCEPT_NAMES))
def test_only_the_names_without_a_confirmed_code_are_empty(
    terminology: Terminology, name: str
) -> None:
    matches_nothing = not terminology.codes(name) and not terminology.prefixes(name)
    assert matches_nothing is (name in EMPTY_ON_PURPOSE)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        pytest.param(None, None, id="nothing at all"),
        pytest.param(ICD, None, id="no code"),
        pytest.param(None, "M54.2", id="no system"),
        pytest.param("", "M54.2", id="empty system"),
        pytest.param(ICD, "", id="empty code"),
        pytest.param(ICD, ".", id="a dot"),
        pytest.param("http://hl7.org/fhir/sid/icd-9-cm", "M54.2", id="another system"),
        pytest.param(SNOMED, "M54.2", id="a code of another system"),
        pytest.param(LOINC, "72141", id="a number of another system"),
        pytest.param(SNOMED, "999999999", id="unknown code"),
        pytest.param(ICD, "M54.2 neck pain", id="code with text behind it"),
        pytest.param(ICD, "M54.2XXXXXX", id="longer than any code"),
        pytest.param(ICD, "M5", id="shorter than a category"),
        pytest.param(ICD, "neck pain", id="text"),
    ],
)
def test_an_unknown_coding_belongs_to_nothing(
    terminology: Terminology, system: str | None, code: str | None
) -> None:
    assert terminology.sets_of(system, code) == frozenset()
    assert terminology.display(system, code) == UNLISTED


_icd_codes = st.sampled_from(
    sorted({code for _, system, code in _rows(BELONGS) + _rows(STAYS_OUT) if system == ICD})
)
_gap = st.sampled_from(["", " ", "\t", "\n", "  "])


@given(
    code=_icd_codes,
    dotted=st.booleans(),
    upper=st.booleans(),
    before=_gap,
    after=_gap,
    slash=st.sampled_from(["", "/", " "]),
    system=st.sampled_from([ICD, "http://hl7.org/fhir/sid/icd-10"]),
)
def test_case_dot_and_space_make_no_difference_to_an_icd_code(
    code: str, dotted: bool, upper: bool, before: str, after: str, slash: str, system: str
) -> None:
    written = code if dotted else code.replace(".", "")
    written = before + (written if upper else written.lower()) + after
    assert TERMINOLOGY.sets_of(system + slash, written) == TERMINOLOGY.sets_of(ICD, code)


@given(st.one_of(st.none(), st.text(max_size=30)), st.one_of(st.none(), st.text(max_size=12)))
def test_any_text_is_answered(system: str | None, code: str | None) -> None:
    assert TERMINOLOGY.sets_of(system, code) <= CONCEPT_NAMES
    assert TERMINOLOGY.display(system, code)


@given(_icd_codes, st.text("0123456789ABDSX", max_size=3))
def test_a_longer_icd_code_keeps_every_name_its_category_has_unless_it_is_excluded(
    code: str, tail: str
) -> None:
    """A prefix rule reads downwards; what it loses is a late effect or a listed exception."""
    longer = (code.replace(".", "") + tail)[:7]
    lost = TERMINOLOGY.sets_of(ICD, code) - TERMINOLOGY.sets_of(ICD, longer)
    for name in lost:
        exceptions = [
            text.replace(".", "")
            for row in TERMINOLOGY.sources(name)
            for text in row.get("except", "").split(", ")
            if text
        ]
        late = seventh_character(ICD, longer) == "S"
        assert late or any(longer.startswith(text) for text in exceptions)


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (ICD, "S14.109A", "A"),
        (ICD, "s14109s", "S"),
        (ICD, "T84.63XD", "D"),
        (ICD, "S14.10", None),
        (ICD, "M48.52XS", None),
        (ICD, "M54.2", None),
        (SNOMED, "S14109S", None),
        (None, "S14.109S", None),
        (ICD, None, None),
    ],
)
def test_the_seventh_character_is_read_on_injury_codes_only(
    system: str | None, code: str | None, expected: str | None
) -> None:
    assert seventh_character(system, code) == expected


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        pytest.param(SNOMED, "81680005", "Neck pain", id="listed code"),
        pytest.param(ICD, "M54.2", "Cervicalgia", id="prefix rule"),
        pytest.param(
            ICD,
            "S14.109A",
            "Other and unspecified injuries of cervical spinal cord",
            id="the longest rule wins",
        ),
        pytest.param(
            ICD,
            "S13.4XXS",
            "Sprain of ligaments of cervical spine",
            id="a code of no concept is named by a value set",
        ),
        pytest.param(SNOMED, "1", UNLISTED, id="nothing known"),
        pytest.param(ICD, "N88.2", UNLISTED, id="an ICD-10-CM code under no rule"),
    ],
)
def test_display_is_ours(terminology: Terminology, system: str, code: str, expected: str) -> None:
    assert terminology.display(system, code) == expected


def test_cpt_displays_are_own_wording_without_saying_so(terminology: Terminology) -> None:
    assert terminology.display(CPT, "72141") == "Cervical spine MRI, no contrast"


def test_local_codes_follow_the_setting() -> None:
    other = load_terminology(local_system="https://hospital.example/codes/")
    assert "VS-IVDU" in other.sets_of("https://hospital.example/codes", "iv-drug-use")
    assert other.local_system == "https://hospital.example/codes"
    assert other.sets_of(TERMINOLOGY.local_system, "iv-drug-use") == frozenset()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("saddle-anesthesia", "VS-SADDLE"),
        ("hand-clumsiness", "VS-HANDCLUMSY"),
        ("iv-drug-use", "VS-IVDU"),
        ("suspected-ligament-injury", "VS-LIG"),
        ("opll", "VS-OSSIFIED"),
        ("fusion-status-question", "VS-HARDWARE"),
        ("orbital-metal", "VS-ORBIT"),
    ],
)
def test_a_local_code_stands_beside_the_standard_ones(
    terminology: Terminology, code: str, name: str
) -> None:
    assert name in terminology.sets_of(terminology.local_system, code)


def test_the_local_codes_are_those_the_facts_read(terminology: Terminology) -> None:
    assert terminology.local_codes.keys() == LOCAL.keys()


def test_the_ingredient_words_are_a_closed_list_without_aspirin(terminology: Terminology) -> None:
    assert len(terminology.consmed_words) == len(terminology.codes("VS-CONSMED")) == 15
    assert {terminology.display(*code) for code in terminology.codes("VS-CONSMED")} == (
        terminology.consmed_words
    )
    assert "aspirin" not in terminology.consmed_words


def test_a_measurement_has_a_short_name_whatever_code_it_comes_under(
    terminology: Terminology,
) -> None:
    for name, shown in (("VS-CRP", "CRP"), ("VS-EGFR", "eGFR"), ("VS-PAIN", "Pain score")):
        assert {terminology.display(*code) for code in terminology.codes(name)} == {shown}
    for name in terminology.names:
        for system, code in terminology.codes(name):
            assert "[" not in terminology.display(system, code), (name, code)


def test_memory_is_bounded(terminology: Terminology, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_sets, "_REMEMBERED", 10)
    for number in range(100):
        assert terminology.sets_of(SNOMED, f"unknown {number}") == frozenset()
        assert len(terminology.known) <= 10


def test_codings_are_remembered(terminology: Terminology) -> None:
    assert terminology.sets_of(ICD, "M54.2") is terminology.sets_of(ICD, "M54.2")


def test_prefixes_and_sources_tell_what_stands_behind_a_name(terminology: Terminology) -> None:
    assert terminology.prefixes("VS-HARDWARE") == ("T84.216", "T84.226", "T84.296")
    rows = terminology.sources("VS-CFRACTURE")
    assert {"system", "code", "display", "provenance"} == rows[0].keys()
    rule = next(row for row in rows if "prefix" in row)
    assert (rule["prefix"], rule["except"], rule["lateEffects"]) == ("S12", "S12.8", "left out")
    for name in terminology.names:
        for row in terminology.sources(name):
            assert row["display"]
            assert row["provenance"]


def test_a_misspelt_name_is_answered_with_the_right_one(terminology: Terminology) -> None:
    with pytest.raises(KeyError, match="did you mean VS-NECKPAIN"):
        terminology.codes("VS-NECKPIAN")


def test_what_is_too_long_to_be_a_code_is_not_remembered(terminology: Terminology) -> None:
    long = "9" * 500
    assert terminology.sets_of(SNOMED, long) == frozenset()
    assert (SNOMED, long) not in terminology.known
