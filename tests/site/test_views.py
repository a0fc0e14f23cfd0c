"""What the pages show is decided from dates and the catalogue, for a given day."""

from datetime import date
from decimal import Decimal

from llmaas.bundle import LifecycleEntry, Phase
from llmaas.generators.site.timeline import Span, spans
from llmaas.generators.site.views import EXAMPLE_TOKENS, view_catalog

TODAY = date(2026, 11, 21)
URL = "https://api.example/v1"


def view(catalog, today=TODAY):
    return view_catalog(catalog, today=today, base_url=URL)


def test_a_phase_follows_the_day(catalog):
    before, after = view(catalog, date(2025, 7, 1)), view(catalog, date(2026, 11, 21))
    assert before.by_id["gemma3:12b"].phase is Phase.PRODUCTION
    assert after.by_id["gemma3:12b"].phase is Phase.RETIRED


def test_a_model_without_a_served_endpoint_is_not_callable(catalog):
    planned = catalog.model_copy(
        update={
            "endpoints": tuple(
                each.model_copy(update={"status": "planned"})
                if each.id == "audio.transcriptions"
                else each
                for each in catalog.endpoints
            )
        }
    )
    whisper = view(planned).by_id["whisper"]
    assert whisper.phase is Phase.PRODUCTION
    assert not whisper.callable
    assert whisper.no_sample == "not_served"
    assert view(catalog).by_id["whisper"].callable


def test_retired_and_upcoming_models_have_no_sample_and_say_why(catalog):
    assert view(catalog).by_id["gemma3:12b"].no_sample == "retired"
    assert view(catalog, date(2025, 1, 1)).by_id["granite3.3:8b"].no_sample == "upcoming"


def test_who_chooses_a_model_meets_those_that_are_maintained_first(catalog):
    shown = view(catalog)
    production = [model for model in shown.models if model.phase is Phase.PRODUCTION]
    assert list(shown.by_use[: len(production)]) == production
    assert shown.by_use[-1].phase is Phase.RETIRED
    assert sorted(model.id for model in shown.by_use) == sorted(shown.by_id)


def test_samples_carry_the_id_of_their_model_and_the_base_url(catalog):
    for model in view(catalog).callable:
        for sample in model.samples:
            assert f'"{model.id}"' in sample.code
            assert URL in sample.code


def test_an_embedding_model_gets_the_embeddings_sample(catalog):
    samples = view(catalog).by_id["granite-embedding:278m"].samples
    assert all("embeddings" in sample.code for sample in samples)
    assert [sample.title for sample in samples] == ["curl", "Python", "JavaScript"]


def test_a_transcription_model_gets_a_sample_with_a_file(catalog):
    samples = view(catalog).by_id["whisper"].samples
    assert all("recording.mp3" in sample.code for sample in samples)
    assert [sample.title for sample in samples] == ["curl", "Python", "JavaScript"]


def test_a_price_class_names_the_prices_a_model_can_cause(catalog):
    classes = {model.id: model.price_class for model in view(catalog).models}
    assert classes["whisper"] == "audio"
    assert classes["granite-embedding:278m"] == "input"
    assert classes["deepseek-r1:14b"] == "reasoning"
    assert classes["gemma3:27b"] == "text"


def test_python_samples_compile(catalog):
    for model in view(catalog).callable:
        for sample in model.samples:
            if sample.syntax == "python":
                compile(sample.code, model.id, "exec")


def test_the_first_model_of_a_new_reader_answers(catalog):
    first = view(catalog).first_model
    assert first is not None
    assert first.callable
    assert first.phase is Phase.PRODUCTION


def test_the_worked_example_adds_up(catalog):
    shown = view(catalog)
    amounts = {price.id: price.current.eur for price in shown.prices}
    expected = sum(EXAMPLE_TOKENS[id_] * amounts[id_] for id_ in EXAMPLE_TOKENS) / 1_000_000
    assert shown.example_total == expected
    assert isinstance(shown.example_total, Decimal)


def test_a_price_change_is_announced_until_its_day(edited_catalog):
    step = "- { effective_on: 2025-06-29, eur: 0.90 }"
    changed = edited_catalog(step, f"{step}\n      - {{ effective_on: 2027-01-01, eur: 0.80 }}")
    before, after = (view(changed, day).prices[0] for day in (TODAY, date(2027, 1, 1)))
    assert before.current.eur == Decimal("0.90")
    assert [change.eur for change in before.coming] == [Decimal("0.80")]
    assert after.current.eur == Decimal("0.80")
    assert after.coming == ()


def test_a_bar_of_the_timeline_ends_where_the_next_phase_begins():
    entry = LifecycleEntry(
        model="m",
        stability="stable",
        released_on=date(2025, 1, 1),
        support_ends_on=date(2026, 1, 1),
        deprecated_on=date(2025, 10, 1),
        removed_on=date(2026, 3, 1),
        successor=None,
    )
    assert spans(entry, until=date(2027, 1, 1)) == (
        Span(Phase.PRODUCTION, date(2025, 1, 1), date(2025, 10, 1)),
        Span(Phase.DEPRECATED, date(2025, 10, 1), date(2026, 1, 1)),
        Span(Phase.END_OF_SUPPORT, date(2026, 1, 1), date(2026, 3, 1)),
    )
