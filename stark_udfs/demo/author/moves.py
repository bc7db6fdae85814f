"""What each side can say next: the grammar of dialogue acts."""

from collections.abc import Callable

from stark_udfs.demo.author.grammar import content_words, joined, sentence, to_you
from stark_udfs.demo.author.memory import Thread
from stark_udfs.demo.author.pictures import Shot
from stark_udfs.demo.author.talk import Talk

Moves = list[tuple[str, str]]
ECHO = 2  # content words of a remark that must have been said before it


def greet(talk: Talk, opener: str) -> Moves:
    """The opening, by whoever opens; it fits the time since the last session."""
    name = f"{'greet' if opener == 'user' else 'agreet'}.{talk.scene.pause}"
    return [(f"greet.{talk.scene.pause}", talk.phrase(name, "user" if opener == "user" else "assistant"))]


def tell(talk: Talk) -> Moves:
    """The session's event, and on the first day what it is all about."""
    first = talk.scene.pause == "first"
    lead = talk.phrase("tell.lead.first" if first else "tell.lead", "user")
    moves = [("tell", joined(lead, talk.scene.event))]
    if first and talk.rng.random() < 0.5:
        moves.insert(0, ("about", talk.phrase("about.first", "user")))
    elif talk.rng.random() < 0.3:
        moves.append(("when", talk.phrase("tell.when", "user")))
    return moves


def detail(talk: Talk) -> Moves:
    """One more thing about the event, of one's own accord."""
    line = talk.next("t")
    if not line:
        return []
    lead = talk.phrase("detail.lead", "user") if talk.rng.random() < 0.5 else ""
    return [("detail", joined(lead, sentence(talk.words(line.text, "user"))))]


def experience(talk: Talk) -> Moves:
    """What has changed in the person."""
    return [("experience", joined(talk.phrase("exp.lead", "user"), talk.scene.experience))]


def worry(talk: Talk) -> Moves:
    """A fear that a later session may come back to."""
    text = talk.scene.chapter.fixed("w")
    return [("worry", f"{talk.phrase('worry.lead', 'user')} {text}")] if text else []


def plan(talk: Talk) -> Moves:
    """An intention that a later session may come back to."""
    text = talk.scene.chapter.fixed("n")
    return [("plan", f"{talk.phrase('plan.lead', 'user')} {text}")] if text else []


def own_recall(talk: Talk) -> Moves:
    """The user closes an open thread unasked."""
    thread = talk.threads.pop(0)
    lead = talk.phrase(f"recall.own.{thread.kind}", "user", recall=thread.text)
    return [(f"recall.own.{thread.kind}", lead), ("outcome", thread.outcome)]


def simple(act: str) -> Callable[[Talk], Moves]:
    """A move of the user that is only a phrase."""

    def move(talk: Talk) -> Moves:
        return [(act, talk.phrase(act, "user"))]

    return move


def answer(talk: Talk) -> Moves:
    """The user's answer to what the assistant asked last."""
    moves: Moves = []
    while talk.pending:
        act, words = talk.pending.popleft()
        if act == "recall.outcome" and talk.rng.random() < 0.3:
            words = f"{talk.rng.choice(('Ah, that.', 'Yes!', 'You remembered!', 'Good that you ask.'))} {words}"
        elif act == "answer" and talk.rng.random() < 0.3:
            words = joined(talk.phrase("more.lead", "user"), sentence(words))
        moves.append((act, words))
    return moves


def ask(talk: Talk) -> Moves:
    """A question about the event; its answer is put in store."""
    line = talk.next("q")
    lead = talk.phrase("ask.lead", "assistant") if talk.rng.random() < 0.35 else ""
    if line:
        talk.pending.append(("answer", talk.words(line.second, "user")))
        return [("ask", joined(lead, sentence(talk.words(line.text, "assistant"))))]
    more = talk.next("t")
    if more and talk.rng.random() < 0.6:
        talk.pending.append(("answer", talk.words(more.text, "user")))
        return [("ask.more", talk.phrase("more.ask", "assistant"))]
    pair = talk.pairs.pop() if talk.pairs else None
    if not pair:
        return []
    talk.pending.append(("answer", talk.words(pair.second, "user")))
    return [("ask.around", joined(lead, sentence(talk.words(pair.text, "assistant"))))]


def more(talk: Talk) -> Moves:
    """An invitation to go on."""
    line = talk.next("t")
    if not line:
        return ask(talk)
    talk.pending.append(("answer", talk.words(line.text, "user")))
    return [("ask.more", talk.phrase("more.ask", "assistant"))]


def around(talk: Talk) -> Moves:
    """A question about people and places around the event."""
    if not talk.pairs:
        return ask(talk)
    pair = talk.pairs.pop()
    talk.pending.append(("answer", talk.words(pair.second, "user")))
    return [("ask.around", talk.words(pair.text, "assistant"))]


def suggest(talk: Talk) -> Moves:
    """A small idea, which the user takes or leaves."""
    line = talk.next("tip")
    if not line:
        return ask(talk)
    taken = "tip.yes" if talk.rng.random() < 0.65 else "tip.no"
    act = "accept" if taken == "tip.yes" else "decline"
    lead, said = talk.phrase("tip.lead", "assistant"), talk.words(line.text, "assistant")
    talk.pending.append((act, talk.phrase(taken, "user")))
    return [("suggest", f"{lead} {said}")]


def remark(talk: Talk) -> Moves:
    """A thought of the assistant's own, if what it goes back to has been said."""
    known = talk.before()
    for line in talk.lines["s"]:
        text = talk.words(line.text, "assistant")
        if len(content_words(text) & known) >= ECHO:
            talk.lines["s"].remove(line)
            return [("relate", text)]
    return []


def nod(talk: Talk) -> Moves:
    """A word of attention, where there is nothing else to say before a picture."""
    return [("nod", talk.phrase("nod", "assistant"))]


def recall(talk: Talk) -> Moves:
    """The assistant comes back to something from an earlier session."""
    thread = talk.threads.pop(0)
    if thread.kind in {"n", "w"}:
        talk.pending.append(("recall.outcome", thread.outcome))
        return [
            (f"recall.{thread.kind}", talk.phrase(f"recall.{thread.kind}", "assistant", recall=to_you(thread.text)))
        ]
    return _recall_other(talk, thread)


def _recall_other(talk: Talk, thread: Thread) -> Moves:
    if thread.kind == "picture":
        talk.pending.append(("recall.outcome", talk.phrase("recall.picture.answer", "user")))
        return [("recall.picture", talk.phrase("recall.picture", "assistant", recall=thread.text))]
    talk.pending.append(("recall.outcome", talk.phrase("recall.friend.answer", "user", earlier=thread.text)))
    return [("recall.friend", talk.phrase("recall.friend", "assistant", earlier=to_you(thread.text)))]


def respond(talk: Talk, acts: tuple[str, ...], shot: Shot | None) -> Moves:
    """What the assistant says to the user's last turn, at most two things; a picture comes first."""
    mood = talk.scene.chapter.beat.mood
    found: Moves = []
    if shot:
        act = "pic.react.asst.web" if shot.source == "internet" else "pic.react.asst"
        found.append(("react.picture", talk.phrase(act, "assistant", ref=to_you(shot.eye))))
    replies = {
        "ask": "user.ask.reply", "worry": "worry.react", "plan": "plan.react", "outcome": "recall.own.react",
        "recall.outcome": "recall.react", "experience": "exp.react", "tell": f"react.{mood}", "joke": "joke.react",
        "digress": "digress.react",
    }  # fmt: skip
    for act, reply in replies.items():
        if act in acts and len(found) < 2:
            found.append((f"react.{act}", talk.phrase(reply, "assistant")))
    if "answer" in acts and len(found) < 2 and talk.rng.random() < 0.55:
        found += remark(talk)
    return found
