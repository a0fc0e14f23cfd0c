"""Contradictions found in the documents of a service, and what keeps each from coming back.

A row has the letter of its chapter: A numbers of models, B lifecycle, C compliance, data and
architecture, D prices and tiers, E contexts and capabilities, F licences, G energy, H estimates,
I prompt security, J compatibility, K code samples, L translations, M what came later.

`by` says how: "construction" where nobody can write it, because it is computed or has one place;
"check" where it can be written and a rule refuses it.
"""

from typing import Literal, NamedTuple

HERE = "site/test_contradictions.py::"
PAGES = "site/test_pages.py::"
PROSE = "site/test_prose.py::"
PLANTED = f"{PROSE}test_a_planted_fault_is_found"
SAMPLES = "site/test_samples.py::"
RUNS = f"{SAMPLES}test_a_sample_runs"
STRUCTURE = "unit/catalog/test_structure.py::"
RULES = "unit/catalog/test_rules.py::"
REFERENCE = "unit/catalog/test_reference_catalogue.py::"
PHASES = "unit/bundle/test_lifecycle.py::"
DIAGRAMS = "site/test_diagrams.py::"
ATTACKS = "security/test_attacks.py::"
ANCHORS = f"{PAGES}test_every_language_has_the_same_code_anchors_and_links"
FIGURES = f"{PAGES}test_every_language_has_the_same_figures"
FACTS = f"{PROSE}test_no_page_names_a_fact_that_the_catalogue_holds"
MODEL_PAGES = f"{PAGES}test_every_model_page_names_its_phase_and_dates"
CLAIMS = f"{HERE}test_no_text_claims_what_no_record_carries"
LEFT = f"{SAMPLES}test_no_sample_calls_a_model_that_has_left_or_is_leaving"


class Row(NamedTuple):
    """What was published, and what keeps it from happening here."""

    seen: str
    by: Literal["construction", "check"]
    tests: tuple[str, ...]


def golden(code: str) -> str:
    """The case of a rule of the catalogue."""
    return f"golden/catalog/{code}"


ROWS: dict[str, Row] = {
    # -- A: numbers of models --------------------------------------------------------------------
    "A1": Row(
        "40, 45 and 47 models on three pages",
        "construction",
        (FACTS, "site/test_messages.py::test_no_source_text_holds_a_digit"),
    ),
    "A2": Row(
        "a number of models typed beside the list of them",
        "check",
        (f"{STRUCTURE}test_typed_counts_are_refused_with_their_reason",),
    ),
    "A3": Row(
        "embedding models counted as language models",
        "construction",
        (f"{HERE}test_a3_models_are_counted_by_what_they_do",),
    ),
    "A4": Row(
        "an embedding model as the smallest language model",
        "construction",
        (f"{HERE}test_a4_a5_e7_the_range_is_that_of_models_that_write_text",),
    ),
    "A5": Row(
        "235 billion parameters as the upper end, and a larger model in the table",
        "construction",
        (f"{HERE}test_a4_a5_e7_the_range_is_that_of_models_that_write_text",),
    ),
    "A6": Row(
        "an extract of the models that reads like the whole",
        "construction",
        (f"{HERE}test_a6_b16_every_model_is_listed_and_every_name_leads_to_one",),
    ),
    "A7": Row(
        "a list of families without five of them",
        "construction",
        (f"{HERE}test_a7_publishers_and_families_are_those_of_the_models",),
    ),
    # -- B: lifecycle ----------------------------------------------------------------------------
    "B1": Row("one model in three states on one day", "construction", (MODEL_PAGES,)),
    "B2": Row("in production on one page, deprecated on another", "construction", (MODEL_PAGES,)),
    "B3": Row(
        "deprecated without ever having been released",
        "construction",
        (f"{HERE}test_b3_b7_b9_b13_b14_a_model_cannot_lack_what_its_lifecycle_needs",),
    ),
    "B4": Row(
        "three months of notice, and removals on the day they were announced",
        "check",
        (golden("short-notice"), f"{RULES}test_notice_is_counted_in_calendar_months"),
    ),
    "B5": Row("examples of leaving models that are not in the list", "construction", (FACTS,)),
    "B6": Row(
        "in production and deprecated by another page's date", "construction", (MODEL_PAGES,)
    ),
    "B7": Row(
        "a table of deprecated models without their publishers",
        "construction",
        (f"{HERE}test_b3_b7_b9_b13_b14_a_model_cannot_lack_what_its_lifecycle_needs",),
    ),
    "B8": Row(
        "six months promised to stable models, and 109 days given",
        "check",
        (golden("short-support"),),
    ),
    "B9": Row(
        "three sets of phases, and stable models that no column tells apart",
        "construction",
        (f"{HERE}test_b3_b7_b9_b13_b14_a_model_cannot_lack_what_its_lifecycle_needs",),
    ),
    "B10": Row(
        "one date for the end of support and for the removal",
        "construction",
        (f"{PHASES}test_the_end_of_support_is_no_removal",),
    ),
    "B11": Row(
        "reviewed every quarter, and changed three times in nine days",
        "construction",
        (f"{HERE}test_b11_every_change_is_in_the_journal_on_its_day",),
    ),
    "B12": Row(
        "30/10 among month ends: a date nobody can tell from a slip",
        "check",
        (golden("dates-out-of-order"), f"{HERE}test_b12_every_date_is_written_as_a_day"),
    ),
    "B13": Row(
        "one day of release for 46 models that had been there before",
        "construction",
        (f"{HERE}test_b3_b7_b9_b13_b14_a_model_cannot_lack_what_its_lifecycle_needs",),
    ),
    "B14": Row(
        "kept by use and removed by date, both promised",
        "construction",
        (f"{HERE}test_b3_b7_b9_b13_b14_a_model_cannot_lack_what_its_lifecycle_needs",),
    ),
    "B15": Row("dates promised that no table has", "construction", (MODEL_PAGES,)),
    "B16": Row(
        "names that are in no table",
        "construction",
        (f"{HERE}test_a6_b16_every_model_is_listed_and_every_name_leads_to_one",),
    ),
    "B17": Row(
        "names and ids mixed for one model",
        "check",
        (golden("duplicate-model-name"), golden("duplicate-id")),
    ),
    "B18": Row("samples that call a model that has left", "construction", (LEFT,)),
    "B19": Row(
        "a model in one of the categories it belongs to",
        "construction",
        (f"{HERE}test_a3_models_are_counted_by_what_they_do",),
    ),
    # -- C: compliance, data, architecture -------------------------------------------------------
    "C1": Row(
        "a certification claimed and denied on one sheet",
        "construction",
        (f"{HERE}test_c1_c2_c4_c5_each_record_has_one_status_and_one_scope",),
    ),
    "C2": Row(
        "a key that was dropped read as a refusal",
        "check",
        (golden("unknown-key"), f"{HERE}test_c1_c2_c4_c5_each_record_has_one_status_and_one_scope"),
    ),
    "C3": Row("the greatest compliance, with one record missing", "check", (CLAIMS,)),
    "C4": Row(
        "the qualification of the infrastructure given to the service",
        "construction",
        (f"{HERE}test_c1_c2_c4_c5_each_record_has_one_status_and_one_scope",),
    ),
    "C5": Row(
        "a certification on one page of five",
        "construction",
        (f"{HERE}test_c1_c2_c4_c5_each_record_has_one_status_and_one_scope",),
    ),
    "C6": Row("a qualification translated as a certification", "check", (PLANTED,)),
    "C7": Row(
        "nothing is stored, and everything is logged",
        "check",
        (
            "accounts/test_inventory.py::test_every_column_of_the_database_is_in_one_class",
            "cli/test_state_files.py::test_every_file_of_the_state_directory_is_in_one_class",
            "gateway/test_metering.py::test_no_byte_of_a_prompt_or_an_answer_reaches_the_disk",
        ),
    ),
    "C8": Row(
        "encrypted at rest, and nothing at rest",
        "check",
        (
            "accounts/test_inventory.py::test_what_is_sealed_is_said_to_be_sealed_and_nothing_else",
            (
                "site/test_data_inventory.py::"
                "test_every_class_of_data_is_a_row_in_the_words_of_the_language"
            ),
        ),
    ),
    "C9": Row(
        "end-to-end encryption to a gateway that reads the text",
        "check",
        (f"{HERE}test_c9_encryption_from_end_to_end_is_only_ever_denied",),
    ),
    "C10": Row(
        "dedicated environments on shared machines",
        "check",
        (
            "workers/test_prefix_reuse.py::test_tenants_share_nothing",
            (
                "gateway/test_metering.py::"
                "test_the_worker_knows_whose_a_request_is_so_that_tenants_share_nothing"
            ),
        ),
    ),
    "C11": Row(
        "the check of prompts in the balancer on one page, in the gateway on another",
        "construction",
        (f"{DIAGRAMS}test_a_picture_holds_every_box_and_arrow_of_its_record",),
    ),
    "C11b": Row(
        "pictures that show another architecture, and models that do not exist",
        "construction",
        (
            f"{DIAGRAMS}test_the_security_chain_follows_the_policy_of_the_catalogue",
            f"{DIAGRAMS}test_the_lifecycle_shows_every_phase_and_whether_it_answers",
            f"{HERE}test_c11b_no_picture_is_drawn_by_hand_or_names_a_model",
        ),
    ),
    "C12": Row(
        "authentication in a service of its own, and in the gateway",
        "construction",
        (f"{DIAGRAMS}test_a_picture_holds_every_box_and_arrow_of_its_record",),
    ),
    "C13": Row(
        "12 machines, and a list of 13",
        "construction",
        (f"{HERE}test_c13_the_number_of_machines_is_that_of_the_fleet",),
    ),
    "C14": Row(
        "keys that rotate by themselves, and users told to rotate them",
        "check",
        ("accounts/test_rotation.py::test_a_key_keeps_its_own_period_of_grace_and_its_last_day",),
    ),
    "C15": Row(
        "limits of the tier, or of the key",
        "check",
        ("accounts/test_meter.py::test_limits_of_tier_and_key_are_enforced",),
    ),
    "C16": Row(
        "rights per model given by the service, and left to the application",
        "check",
        ("gateway/test_chat.py::test_a_scope_refuses_other_models",),
    ),
    "C17": Row("the first of its kind, without a source", "check", (CLAIMS,)),
    "C18": Row("another company's promise as one of the service", "check", (CLAIMS,)),
    "C19": Row("open source said of licences that are not", "check", (CLAIMS,)),
    # -- D: prices and tiers ---------------------------------------------------------------------
    "D1": Row(
        "the reasoning price for tokens, or for whole models",
        "check",
        ("accounts/test_prices.py::test_reasoning_is_never_counted_twice",),
    ),
    "D2": Row(
        "a sample that computes the cost without the reasoning",
        "construction",
        (f"{HERE}test_d2_the_sample_that_computes_a_cost_has_every_token_price",),
    ),
    "D3": Row("a formula that loses a word in translation", "construction", (FIGURES,)),
    "D4": Row(
        "a kind of token that has no price",
        "construction",
        (f"{HERE}test_d4_d6_every_class_has_one_price_in_one_list",),
    ),
    "D5": Row("advised to resend the history in order to save", "check", (PLANTED,)),
    "D6": Row(
        "a price on one page of three, and its rounding on a fourth",
        "construction",
        (
            f"{HERE}test_d4_d6_every_class_has_one_price_in_one_list",
            "accounts/test_prices.py::test_every_started_minute_of_audio_is_due",
        ),
    ),
    "D7": Row(
        "a daily limit that can never bind",
        "check",
        (golden("limit-never-binds"), f"{RULES}test_a_daily_limit_binds_below_24_hourly_ones"),
    ),
    "D8": Row(
        "a monthly cap that ordinary use cannot reach",
        "check",
        (f"{HERE}test_d8_what_a_tier_lets_through_in_a_month_is_known",),
    ),
    "D9": Row(
        "four tiers and five rows",
        "construction",
        (f"{HERE}test_d9_every_tier_is_in_the_table_contracts_included",),
    ),
    "D10": Row("columns in another order than the text", "construction", (FIGURES,)),
    "D11": Row(
        "a credit whose relation to the cap is not said",
        "check",
        ("accounts/test_meter.py::test_credit_is_drawn_down_and_a_payment_opens_the_door_again",),
    ),
    "D12": Row(
        "0.90 €, 0.9€ and 0,9 € for one price",
        "construction",
        ("site/test_formats.py::test_each_language_writes_prices_numbers_and_dates_its_own_way",),
    ),
    # -- E: contexts and capabilities ------------------------------------------------------------
    "E1": Row(
        "128k tokens for models that have 120 000",
        "construction",
        (golden("context-exceeded"), FACTS),
    ),
    "E2": Row(
        "two lists of models that see",
        "construction",
        (f"{HERE}test_a3_models_are_counted_by_what_they_do",),
    ),
    "E3": Row(
        "images for a whole family, one model of which reads text only",
        "check",
        (
            golden("modality-does-not-fit"),
            f"{REFERENCE}test_image_input_belongs_to_the_model_not_to_its_family",
        ),
    ),
    "E4": Row(
        "no need of an OCR model, and an OCR model",
        "construction",
        (f"{HERE}test_e4_the_page_on_scanned_pages_names_both_kinds_of_model",),
    ),
    "E5": Row(
        "endpoints that are none",
        "construction",
        (
            f"{PAGES}test_every_operation_of_the_api_has_its_section_in_the_reference",
            "gateway/test_openapi.py::test_every_route_is_an_operation_and_every_operation_a_route",
        ),
    ),
    "E6": Row(
        "messages or a prompt for one operation",
        "check",
        (
            (
                "gateway/test_completions.py::"
                "test_messages_in_place_of_a_prompt_get_the_answer_of_a_chat"
            ),
            "gateway/test_completions.py::test_a_prompt_may_be_text_texts_or_tokens",
        ),
    ),
    "E7": Row(
        "a smallest context above that of a model",
        "construction",
        (f"{HERE}test_a4_a5_e7_the_range_is_that_of_models_that_write_text",),
    ),
    "E8": Row(
        "128K in a description, 120 000 in the field",
        "construction",
        (f"{HERE}test_e8_a_model_has_no_free_description",),
    ),
    "E9": Row(
        "three lists of languages",
        "construction",
        (f"{HERE}test_e9_the_languages_of_pages_are_those_of_the_catalogue",),
    ),
    # -- F: licences -----------------------------------------------------------------------------
    "F": Row(
        "licences that the files of the models deny",
        "check",
        (
            golden("contradictory-licence"),
            golden("unknown-licence"),
            golden("non-commercial-licence"),
            f"{RULES}test_licences_are_named_exactly",
        ),
    ),
    # -- G: energy -------------------------------------------------------------------------------
    "G1": Row(
        "a factor typed beside its two figures",
        "construction",
        (f"{HERE}test_g1_g2_g5_the_page_on_cost_computes_its_energies",),
    ),
    "G2": Row(
        "larger models always use more, and one does not",
        "check",
        (f"{HERE}test_g1_g2_g5_the_page_on_cost_computes_its_energies",),
    ),
    "G3": Row(
        "a figure that loses its unit in translation",
        "construction",
        (f"{HERE}test_g3_every_energy_has_its_unit_in_every_language",),
    ),
    "G4": Row(
        "figures of one formula, two of which do not follow it",
        "check",
        (f"{HERE}test_g4_g6_a_measurement_says_where_it_is_from",),
    ),
    "G5": Row(
        "energy that changes the price",
        "construction",
        (f"{HERE}test_g1_g2_g5_the_page_on_cost_computes_its_energies",),
    ),
    "G6": Row(
        "a measurement without a date, eight times the next one",
        "check",
        (f"{HERE}test_g4_g6_a_measurement_says_where_it_is_from",),
    ),
    # -- H: estimates ----------------------------------------------------------------------------
    "H1": Row("a comment with the result of another language", "construction", (RUNS, ANCHORS)),
    "H2": Row("another cost in each language", "construction", (RUNS, FIGURES)),
    "H3": Row(
        "an estimate that is two fifths of the count",
        "check",
        (f"{HERE}test_h3_h4_no_page_estimates_tokens_by_letters",),
    ),
    "H4": Row(
        "four letters per token for every language",
        "check",
        (f"{HERE}test_h3_h4_no_page_estimates_tokens_by_letters",),
    ),
    "H5": Row(
        "a limit that cuts answers, and no word of it",
        "check",
        (f"{HERE}test_h5_pages_that_limit_answers_say_how_a_cut_one_is_known",),
    ),
    # -- I: prompt security ----------------------------------------------------------------------
    "I1": Row(
        "a normal form said to reveal Cyrillic letters",
        "check",
        (f"{ATTACKS}test_a_latin_word_with_a_cyrillic_letter_is_flagged",),
    ),
    "I2": Row(
        "an escape printed in the place of its letter",
        "check",
        (
            f"{ATTACKS}test_a_latin_word_with_a_cyrillic_letter_is_flagged",
            "security/test_structure.py::test_strings_of_json_are_read_unescaped",
        ),
    ),
    "I3": Row(
        "ordinary French typography as a finding",
        "check",
        (
            "security/test_structure.py::test_normal_forms_are_no_finding",
            f"{ATTACKS}test_legitimate_text_is_not_blocked_and_has_no_heavy_finding",
        ),
    ),
    "I4": Row(
        "JSON that is suspicious when it is read and when it is not",
        "check",
        (
            "security/test_structure.py::test_malformed_json_is_information",
            "security/test_structure.py::test_the_word_system_alone_is_nothing",
        ),
    ),
    "I5": Row(
        "examples translated into languages that are not looked at",
        "check",
        (f"{ATTACKS}test_an_override_is_blocked_in_every_language", ANCHORS),
    ),
    "I6": Row("a pattern changed by translation", "check", (ANCHORS,)),
    "I7": Row(
        "HTML that hides nothing as an example of hidden HTML",
        "check",
        ("security/test_rules.py::test_a_rule_finds_its_examples_and_not_its_counter_examples",),
    ),
    "I8": Row(
        "thirty repetitions, of whom and in what time",
        "check",
        (
            (
                "security/test_behavior.py::"
                "test_thirty_identical_prompts_are_flagged_and_twenty_nine_are_not"
            ),
            "security/test_behavior.py::test_a_run_over_longer_than_the_window_does_not_count",
            "security/test_behavior.py::test_pieces_of_different_keys_or_users_are_not_joined",
        ),
    ),
    "I9": Row(
        "blocked, or merely noticed",
        "check",
        (
            "gateway/test_screening.py::test_an_attack_is_refused_before_the_model",
            f"{PAGES}test_every_error_of_the_gateway_is_documented",
        ),
    ),
    "I10": Row(
        "a switch of unknown scope",
        "check",
        ("gateway/test_screening.py::test_an_exception_of_a_customer_holds_until_its_last_day",),
    ),
    "I11": Row("writing systems translated as programs", "check", (PLANTED,)),
    # -- J: compatibility ------------------------------------------------------------------------
    "J1": Row(
        "compatible by 100 %",
        "check",
        (CLAIMS, "site/test_conformance.py::test_a_service_does_what_the_page_says"),
    ),
    "J2": Row(
        "three lists of frameworks",
        "construction",
        (f"{HERE}test_j2_j4_frameworks_called_tested_are_those_with_samples",),
    ),
    "J3": Row("a native integration that needs a class of one's own", "check", (CLAIMS,)),
    "J4": Row(
        "two lists of tools",
        "construction",
        (f"{HERE}test_j2_j4_frameworks_called_tested_are_those_with_samples",),
    ),
    "J5": Row(
        "a complete description that lacks an operation",
        "construction",
        (
            "gateway/test_openapi.py::test_every_route_is_an_operation_and_every_operation_a_route",
            f"{PAGES}test_every_operation_and_every_field_has_a_text",
        ),
    ),
    "J6": Row(
        "tool calling offered without saying by which models",
        "check",
        (golden("tools-without-format"), f"{HERE}test_a3_models_are_counted_by_what_they_do"),
    ),
    # -- K: code samples -------------------------------------------------------------------------
    "K1": Row(
        "a sample that removes apostrophes and says it removes attacks",
        "check",
        (f"{HERE}test_k1_no_sample_cleans_prompts",),
    ),
    "K2": Row("a field that the caught error does not have", "check", (RUNS,)),
    "K3": Row("a return outside a function, names that are not defined", "check", (RUNS,)),
    "K4": Row("the first of no choices", "check", (RUNS,)),
    "K5": Row(
        "repeated for ever, or never",
        "check",
        (f"{HERE}test_k5_the_sample_that_repeats_has_a_limit",),
    ),
    "K6": Row(
        "an upper bound called an estimate",
        "check",
        (f"{HERE}test_k6_a_cost_before_the_call_is_called_an_upper_bound",),
    ),
    # -- L: translations -------------------------------------------------------------------------
    "L": Row(
        "meanings lost and reversed in German and Spanish",
        "check",
        (
            PLANTED,
            f"{PROSE}test_every_unit_in_a_wrong_language_is_found",
            f"{PROSE}test_every_unit_is_translated_and_reviewed_against_todays_french",
        ),
    ),
    # -- M: what came later ----------------------------------------------------------------------
    "M1": Row(
        "another price of input in three places",
        "construction",
        (f"{PAGES}test_a_price_edit_reaches_every_language",),
    ),
    "M2": Row("56 models and 58 in one commit", "construction", (FACTS,)),
    "M3": Row("a model that lives and is deprecated", "construction", (MODEL_PAGES,)),
    "M4": Row(
        "records that disappear",
        "check",
        (
            (
                "unit/plan/test_plan_properties.py::"
                "test_a_change_breaks_a_known_rule_and_names_the_remedy_exactly_where_it_is_breaking"
            ),
        ),
    ),
    "M5": Row("supported until before its release", "check", (golden("dates-out-of-order"),)),
    "M6": Row(
        "one publisher for every row",
        "construction",
        (f"{HERE}test_a7_publishers_and_families_are_those_of_the_models",),
    ),
    "M7": Row(
        "fields of the body called headers",
        "construction",
        ("gateway/test_chat.py::test_a_chat_answer_has_the_documented_fields",),
    ),
    "M8": Row(
        "an answer that was cut and says stop",
        "check",
        ("gateway/test_openapi.py::test_the_examples_of_requests_are_answered",),
    ),
    "M9": Row(
        "two statuses and two types for one error",
        "construction",
        (f"{PAGES}test_every_error_of_the_gateway_is_documented",),
    ),
    "M10": Row(
        "two sets of fields for transcriptions",
        "construction",
        (
            "gateway/test_transcriptions.py::test_every_field_reaches_the_worker",
            "gateway/test_transcriptions.py::test_the_older_name_of_the_prompt_is_read",
            f"{PAGES}test_every_operation_and_every_field_has_a_text",
        ),
    ),
    "M11": Row(
        "reranking billed by tokens and by documents",
        "construction",
        (f"{HERE}test_m11_m12_what_is_not_served_is_not_described",),
    ),
    "M12": Row(
        "batches with two endpoints and two lists of states",
        "construction",
        (f"{HERE}test_m11_m12_what_is_not_served_is_not_described",),
    ),
    "M13": Row("other prices in a sample of a table", "check", (FACTS,)),
    "M14": Row(
        "a context of 0 tokens, typed by hand",
        "check",
        (golden("number-out-of-range"),),
    ),
    "M15": Row(
        "support until 2027 that ended in 2026",
        "check",
        (
            (
                "unit/plan/test_plan_properties.py::"
                "test_a_change_breaks_a_known_rule_and_names_the_remedy_exactly_where_it_is_breaking"
            ),
        ),
    ),
}
