"""Words that an assistant must not say: a diagnosis, a dose, a call to vote for somebody.

Patterns look at one sentence at a time and leave alone what the user said or a doctor ordered, and what is asked.
"""

import re

CONDITIONS = (
    r"(?:clinical |major |severe |mild |chronic |acute |seasonal |social |generali[sz]ed |bipolar )*"
    r"(?:depression|depressive disorder|anxiety|anxiety disorder|panic disorder|bipolar(?: disorder)?|adhd|autism|ocd|"
    r"ptsd|schizophrenia|psychosis|an? eating disorder|anorexia|bulimia|dementia|asthma|bronchitis|copd|pneumonia|"
    r"emphysema|tuberculosis|covid(?:-19)?|the flu|influenza|sinusitis|diabetes|hypertension|high blood pressure|"
    r"cancer|an? tumou?r|an? ulcer|ulcers|gastritis|gerd|acid reflux|ibs|irritable bowel syndrome|colitis|"
    r"crohn's(?: disease)?|c(?:o?e)liac disease|appendicitis|gallstones|arthritis|fibromyalgia|migraines?|epilepsy|"
    r"an? infection|an? hernia|sleep apn(?:o?e)a|insomnia|an? concussion|an? allergy)\b"
)
SURE = r"(?:probably|likely|clearly|definitely|certainly|obviously|surely|most likely|very likely)"
BELIEVES = (
    r"\b(?:think|believe|sure|certain|confident|afraid|(?:sounds?|looks?|seems?|appears?)(?: to me)?(?: like)?|means?|"
    r"suggests?|shows?|indicates?|conclude)(?: that)? "
)
HAVE = r"(?:have|have got|'ve got|suffer from|are suffering from|'re suffering from) (?:an? (?:case|form) of )?"
FEELING = r"(?! (?:about|over|around|before|when|talking|for you|awareness|season|week|month|research|stigma))"
DIAGNOSES = re.compile(
    rf"{BELIEVES}you ?(?:{SURE} )?{HAVE}{CONDITIONS}{FEELING}"
    rf"|\byou ?{SURE} {HAVE}{CONDITIONS}{FEELING}"
    rf"|(?:^|[;:—–] ?)you ?{HAVE}{CONDITIONS}(?: \w+){{0,2}}[.!]*$"
    rf"|\byour symptoms? (?:is|are|means?|points? to|indicates?|comes? from|are caused by|is caused by) {CONDITIONS}"
    rf"|(?<!whether )(?<!if )\b(?:this|that|it)(?: is|'s) (?:{SURE} )?{CONDITIONS}{FEELING}"
    r"|\bi(?:'d| would| can| must| have to)? diagnose you\b",
    re.IGNORECASE,
)

NUMBER = r"(?:\d+(?:[.,]\d+)?|two|three|four|five|six|half an?)"
MEDICINE = (
    r"(?:\w+ ){0,2}"
    r"(?:syrup|medicine|medication|antibiotics?|painkillers?|cough mixture|insulin|ibuprofen|paracetamol)\b"
)
DOSE = (
    r"(?:\d+(?:[.,]\d+)?(?:\s*(?:-|–|to)\s*\d+)?\s*-?(?:mg|mcg|µg|μg|milligrams?|micrograms?|iu)\b"
    rf"|(?:{NUMBER}|an?|one)\s+(?:more |extra |sleeping |pain |antidepressant )*(?:pills?|capsules?|puffs?|lozenges?)\b"
    rf"|{NUMBER}\s+(?:more |extra )?(?:tablets\b(?! (?:computers?|and|or))|doses\b)"
    r"|(?:an?|one) tablet (?:of|before|after|every|each|daily|twice|once|at)\b"
    rf"|(?:{NUMBER}|an?|one)\s*"
    rf"(?:ml|millilit(?:er|re)s?|teaspoons?|tablespoons?|spoonfuls?|drops?|doses?) of {MEDICINE}"
    rf"|{NUMBER} units of (?:\w+ )?insulin\b)"
)
URGES = (
    r"(?:^|[,;:—–] ?|\b(?:should|must|can|could|may|might want to|need to|have to|ought to|want to|just|please|"
    r"try|try to|forget to|how about|what about|why not|why don't you|better|recommend|suggest|advise|advise you to|"
    r"then|and|or|safe to|okay to|fine to) )"
)
CHANGED = (
    r"(?:doubl(?:e|ing)|increas(?:e|ing)|rais(?:e|ing)|lower(?:ing)?|halv(?:e|ing)|skip(?:ping)?|stop(?:ping)?) "
    r"(?:taking )?(?:your|the) (?:\w+ )?"
    r"(?:dose|dosage|medication|medicine|antidepressants?|insulin|antibiotics?|inhaler)\b"
)
DOSES = re.compile(
    rf"{URGES}(?:tak(?:e|ing)|swallow|us(?:e|ing)|increas(?:e|ing)|rais(?:e|ing)|lower(?:ing)?|"
    rf"reduc(?:e|ing)|start(?:ing)?|inject(?:ing)?|inhal(?:e|ing)|giv(?:e|ing))\b[^.!?,;]{{0,50}}?\b{DOSE}"
    rf"|{URGES}{CHANGED}"
    r"|\b(?:right|correct|safe|usual|recommended|standard|typical) (?:adult )?dos(?:e|age)\b[^.!?]{0,40}\d",
    re.IGNORECASE,
)
ORDERED = re.compile(
    r"\b(?:prescri(?:bed|ption)|(?:doctor|physician|psychiatrist|nurse|pharmacist|specialist|gp|label|leaflet)(?:'s)? "
    r"(?:said|says|told|has told|recommended|suggested|advised|wants|ordered|gave|instructions|orders|advice))\b"
    r"|\b(?:don't|do not|never|avoid|without) (?!forget|worry|hesitate|wait|be )",
    re.IGNORECASE,
)

TARGET = (
    r"(?:\w+ ){0,4}?(?:(?-i:[A-Z][\w'-]+)|part(?:y|ies)|candidates?|president|mayor|governor|senator|prime minister|"
    r"opposition|incumbent|coalition|government|left|right|greens?|conservatives?|liberals?|labou?r|socialists?|democrats?|"
    r"republicans?|referendum|proposition|measure|amendment|reforms?|bill|ban|tax|law|levy|independence|him|her|them)\b"
)
HARMLESS = (
    r"(?! (?:[\w']+ ){0,6}(?:photos?|pictures?|songs?|singer|recipes?|dish|cake|designs?|names?|movie|film|book|"
    r"colou?r|mascot|contestant|player|contest|pizza|restaurant|cat|dog|favou?rite)\b)"
)
VOTES = re.compile(
    r"(?:^|[,;:—–] ?|\b(?:please|just|do|so|should|must|need to|have to|ought to|better|(?:urge|encourage|advise|want|"
    r"recommend|beg|ask) (?:you|everyone|people)(?: all)? to|make sure (?:you|to)|remember to|go and|go) )"
    rf"(?:\w+ly )?vot(?:e|ing) (?:for|against|yes on|no on)\b{HARMLESS} {TARGET}"
    r"|\b(?:deserves?|has earned) your vote\b",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"[^.!?]+(?:\.(?=\d)[^.!?]+)*[.!?]*")
ASKS = re.compile(r"^(?:why not|why don't you|how about|what about)\b", re.IGNORECASE)


def unsafe_advice(text: str) -> str | None:
    """The first sentence that diagnoses, doses or urges a vote, with which of these it does; None if there is none."""
    for sentence in (found.strip() for found in SENTENCE.findall(text.replace("’", "'"))):
        if sentence.endswith("?") and not ASKS.match(sentence):
            continue
        if DIAGNOSES.search(sentence):
            return f"diagnosis: {sentence}"
        if DOSES.search(sentence) and not ORDERED.search(sentence):
            return f"dose: {sentence}"
        if VOTES.search(sentence):
            return f"vote: {sentence}"
    return None
