"""Who the episodes are about, beside whom was drawn."""

from stark_udfs.release.audit import STAGE, DistributionAudit, audit
from stark_udfs.release.report import plots
from stark_udfs.release.report.blocks import Block, Finding, Grid, Plot, Section, Tag, Words
from stark_udfs.release.report.narrow import episodes
from stark_udfs.release.report.source import Measured, Source, count, names, number, shares
from stark_udfs.release.text import shortened

BAND = "CAST(floor({age} / 10) * 10 AS BIGINT)"
FEATURES = (("age band", BAND.format(age="age")), ("gender", "gender"), ("country of residence", "residence"))
MOST_COUNTRIES = 12


def section(source: Source) -> Section:
    """Shares of age bands, genders and countries among episodes, beside their target."""
    title = "People"
    if not source.has("demographics", "narratives"):
        return Section("people", title, "", (Words("Nobody was drawn yet, or no episode was begun."),))
    with_sessions = source.has("sessions")
    table = episodes(source) if with_sessions else "narratives"
    blocks: list[Block] = []
    findings: list[Finding] = []
    audited = []
    for name, sql in FEATURES:
        plot, found, line = _feature(source, name, sql, table)
        blocks.append(plot)
        findings += found
        audited.append(line)
    blocks.append(_audit(audited))
    if written := _last_audit(source):
        blocks.append(written)
    origin = source.rows("SELECT origin, count(*) AS n FROM demographics GROUP BY origin ORDER BY n DESC LIMIT 3")
    drawn = sum(count(row["n"]) for row in origin)
    whence = {"population": "the real population of 2024", "uniform": "equal shares"}
    said = ", ".join(whence.get(str(row["origin"]), str(row["origin"])) for row in origin)
    lead = (
        f"Bars: episodes{' with sessions' if with_sessions else ''}, with 95 % intervals (Wilson). "
        f"Orange marks: the target, which is the {drawn:,} people who were drawn (from {said})."
    )
    return Section("people", title, lead, tuple(blocks), tuple(findings))


def band_name(value: object) -> str:
    """As '30–39'."""
    low = count(value)
    return f"{low}–{low + 9}"


def _audit(found: list[DistributionAudit]) -> Grid:
    """Each side of people as a whole against its target."""
    lines = tuple(
        (
            one.dimension,
            "–" if one.chi2 is None else f"{one.chi2:.2f} ({one.dof})",
            "–" if one.p is None else f"{one.p:.3f}",
            f"{one.distance:.3f}",
            f"{one.low:.3f} – {one.high:.3f}",
            f"{one.by_chance:.3f}",
            Tag("within chance", "ok") if one.ok else Tag("differs", "warn"),
        )
        for one in found
    )
    head = ("side", "χ² (degrees)", "p", "Jensen–Shannon distance", "95 % interval", "by chance up to", "state")
    return Grid(head, lines, "Episodes against the people who were drawn: 0 is equal, 1 nothing in common")


def _last_audit(source: Source) -> Grid | None:
    """What `stark audit` found when it last ran: against a target that the drawn people may miss themselves."""
    rows = source.rows(f"SELECT * FROM last_checks WHERE stage = '{STAGE}'") if source.has("checks") else []
    lines = tuple(
        (
            shortened(row["name"], 80),
            f"{number(row['value']):.3f}",
            "–"
            if row["interval_low"] is None
            else f"{number(row['interval_low']):.3f} – {number(row['interval_high']):.3f}",
            f"at most {number(row['high']):.3f}" if row["low"] is None else f"at least {number(row['low']):.3f}",
            count(row["n"]),
            Tag("as meant", "ok") if row["ok"] else Tag("not as meant", "warn"),
        )
        for row in sorted(rows, key=lambda row: str(row["name"]))
    )
    head = ("measure", "value", "95 % interval", "expected", "people", "state")
    return Grid(head, lines, "Episodes against their target, as `stark audit` last found") if lines else None


def _feature(source: Source, name: str, sql: str, table: str) -> tuple[Plot, list[Finding], DistributionAudit]:
    there = f"SELECT n.age, n.gender, n.residence FROM narratives n JOIN {table} t ON t.episode_id = n.episode_id"
    found = _counted(source, f"SELECT {sql} AS grp, count(*) AS n FROM ({there}) x GROUP BY 1")
    target = _counted(source, f"SELECT {sql} AS grp, count(*) AS n FROM demographics GROUP BY 1")
    if name == "age band":
        found, target = (
            [(band_name(grp), n) for grp, n in sorted(rows, key=lambda row: float(row[0]))] for rows in (found, target)
        )
        order = [
            grp for grp, _ in sorted({**dict(target), **dict(found)}.items(), key=lambda row: int(row[0].split("–")[0]))
        ]
    else:
        order = [
            grp
            for grp, _ in sorted({**dict(target), **dict(found)}.items(), key=lambda row: -dict(target).get(row[0], 0))
        ]
    audited = audit(name, {group: int(amount) for group, amount in found}, dict(target))
    left = order[MOST_COUNTRIES:]
    order = order[:MOST_COUNTRIES]
    if left:
        found, target = (_folded(rows, order) for rows in (found, target))
        order.append("all others")
    measured = {one.group: one for one in shares(found)}
    expected = {one.group: one.value for one in shares(target)}
    rows = [_row(group, measured.get(group), expected.get(group)) for group in order]
    findings = [
        Finding(
            f"{name} {group}: {measured[group].value:.0%} of episodes, {expected[group]:.0%} of those drawn.",
            "warn",
            "people",
        )
        for group in order
        if group in measured
        and group in expected
        and measured[group].hits >= 5
        and not measured[group].low <= expected[group] <= measured[group].high
    ]
    said = "; ".join(f"{row['group']} {row['value']:.0%} (target {row['target'] or 0:.0%})" for row in rows)
    layers = [*plots.bars("value", "share", sort=order), plots.ticks("target")]
    title, says = name[0].upper() + name[1:], f"Share of episodes by {name}: {said}"
    return Plot(title, says, rows, layers, size="third"), findings, audited


def _counted(source: Source, query: str) -> list[tuple[str, float]]:
    return names(source.rows(query), "grp")


def _folded(rows: list[tuple[str, float]], kept: list[str]) -> list[tuple[str, float]]:
    others = sum(amount for name, amount in rows if name not in kept)
    return [*((name, amount) for name, amount in rows if name in kept), ("all others", others)]


def _row(group: str, found: Measured | None, target: float | None) -> dict[str, object]:
    if found is None:
        return {"group": group, "value": 0.0, "low": 0.0, "high": 0.0, "target": target}
    return {"group": group, "value": found.value, "low": found.low, "high": found.high, "target": target}
