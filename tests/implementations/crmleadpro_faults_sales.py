"""What can go wrong with pipelines, deals and their funnel."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Fault

CALL = "            call = Call(self.workspaces[key.tenant], "
STAGE = '{"slug": slug, "name": name, "position": position, "outcome": outcome}'
PIPELINES = '{"data": [{"slug": "sales", "name": "Sales", "stages": stages}]}'
DEAL_LEAD = '        call.workspace.lead(document["lead_id"])\n'
VALUE = '"value": number(0, 1_000_000_000_000),'
VALUE_OF = '"value": document["value"],'
CURRENCY = '"currency": text(None, CURRENCY, "be a currency code of three capital letters"),'
PERIOD_OF_LEADS = 'call.workspace.current() if start <= instant(lead["created_at"]) < end]'
PERIOD_OF_DEALS = 'if start <= instant(deal["created_at"]) < end]'
SHARE = "round(part / whole, 4) if whole else None"
LAST = 'if slug != "closed_lost")'
WORTH = 'sums[deal["currency"]] = sums.get(deal["currency"], Decimal(0)) + Decimal(str(deal["value"]))'


PIPELINES_AND_DEALS = (
    documented(
        "pipeline-without-stages", "listPipelines/conformance", (PIPELINES, PIPELINES.replace(', "stages": stages', ""))
    ),
    assumed("pipelines-are-bare", "listPipelines/conformance", (PIPELINES, PIPELINES[9:-1])),
    documented("no-pipelines", "listPipelines/records", (PIPELINES, '{"data": []}')),
    assumed(
        "value-rounded-to-cents", "createDeal/records", (VALUE_OF, '"value": round(document["value"], 2),'), subtle=True
    ),
    assumed(
        "currency-of-any-alphabet",
        "createDeal/records",
        (CURRENCY, CURRENCY.replace("CURRENCY", 'r"[A-Z\u00c0-\u00de\u0410-\u042f]{3}"')),
        subtle=True,
    ),
    assumed(
        "stages-out-of-order",
        "listPipelines/conformance",
        ('"stages": stages}]', '"stages": stages[::-1]}]'),
        subtle=True,
    ),
    assumed(
        "positions-from-zero",
        "listPipelines/conformance",
        ("enumerate(STAGES, start=1)", "enumerate(STAGES)"),
        subtle=True,
    ),
    assumed("stage-without-outcome", "listPipelines/conformance", (STAGE, STAGE.replace(', "outcome": outcome', ""))),
    assumed(
        "lost-stage-is-open",
        "listPipelines/model",
        (STAGE, STAGE.replace(": outcome}", ': outcome.replace("lost", "open")}')),
        subtle=True,
    ),
    assumed(
        "positions-as-text",
        "listPipelines/conformance",
        (STAGE, STAGE.replace(": position", ": str(position)")),
        subtle=True,
    ),
    assumed(
        "last-stage-missing", "listPipelines/model", ('"stages": stages}]', '"stages": stages[:-1]}]'), subtle=True
    ),
    assumed(
        "pipeline-slug-in-capitals",
        "listPipelines/conformance",
        ('{"slug": "sales", "name"', '{"slug": "Sales", "name"'),
        subtle=True,
    ),
    assumed(
        "deal-answers-200", "createDeal/conformance", ("    return answer(201, deal)", "    return answer(200, deal)")
    ),
    assumed("deal-misses-title", "createDeal/conformance", ('        "title": document["title"],\n', "")),
    assumed(
        "deal-in-dollars-by-default",
        "createDeal/records",
        ('document.get("currency", "INR")', 'document.get("currency", "USD")'),
        subtle=True,
    ),
    assumed("deal-ignores-currency", "createDeal/records", ('document.get("currency", "INR")', '"INR"'), subtle=True),
    assumed("deal-ignores-stage", "createDeal/records", ('document.get("stage", "new")', '"new"')),
    assumed(
        "deal-at-second-stage",
        "createDeal/records",
        ('document.get("stage", "new")', 'document.get("stage", "contacted")'),
        subtle=True,
    ),
    assumed("deal-drops-lead", "createDeal/records", ('"lead_id": document.get("lead_id"),', '"lead_id": None,')),
    assumed("deal-is-new", "createDeal/conformance", ('"status": "open",', '"status": "new",')),
    assumed("deal-is-won", "createDeal/records", ('"status": "open",', '"status": "won",'), subtle=True),
    assumed("deal-value-as-text", "createDeal/conformance", (VALUE_OF, '"value": str(document["value"]),')),
    assumed("deal-value-rounded", "createDeal/records", (VALUE_OF, '"value": round(document["value"]),'), subtle=True),
    assumed(
        "deal-value-in-single-precision",
        "createDeal/records",
        (VALUE_OF, '"value": __import__("struct").unpack("f", __import__("struct").pack("f", document["value"]))[0],'),
        subtle=True,
    ),
    assumed("deal-with-unknown-lead", "createDeal/records", (DEAL_LEAD, "        pass\n")),
    assumed(
        "deal-with-archived-lead",
        "createDeal/records",
        (DEAL_LEAD, '        if document["lead_id"] not in call.workspace.leads:\n    ' + DEAL_LEAD),
        subtle=True,
    ),
    assumed(
        "deal-with-lead-of-another-workspace",
        "createDeal/access",
        (
            CALL,
            '            owners = [one for one in self.workspaces.values() if handler is create_deal and isinstance(document, dict) and str(document.get("lead_id")) in one.leads]\n'
            + CALL.replace("self.", "owners[0] if owners else self."),
        ),
        subtle=True,
    ),
    assumed(
        "unknown-lead-of-deal-is-422",
        "createDeal/conformance",
        (
            DEAL_LEAD,
            '        if document["lead_id"] not in call.workspace.leads:\n            raise Refusal(422, "Unknown lead", [{"pointer": "/lead_id", "detail": "is unknown"}])\n'
            + DEAL_LEAD,
        ),
        subtle=True,
    ),
    assumed(
        "deal-wants-a-lead",
        "createDeal/conformance",
        ('required=("title", "value", "pipeline"))', 'required=("title", "value", "pipeline", "lead_id"))'),
    ),
    assumed(
        "null-lead-of-deal-refused",
        "createDeal/conformance",
        (
            '"lead_id": nullable(text(None, LEAD_ID, "be the id of a lead")),',
            '"lead_id": text(None, LEAD_ID, "be the id of a lead"),',
        ),
        subtle=True,
    ),
    assumed(
        "malformed-lead-of-deal-is-404",
        "createDeal/conformance",
        ('"lead_id": nullable(text(None, LEAD_ID, "be the id of a lead")),', '"lead_id": nullable(text()),'),
        subtle=True,
    ),
    assumed(
        "deal-without-pipeline",
        "createDeal/conformance",
        ('required=("title", "value", "pipeline"))', 'required=("title", "value"))'),
        ('"pipeline": document["pipeline"],', '"pipeline": document.get("pipeline", "sales"),'),
        subtle=True,
    ),
    assumed(
        "deal-without-value-crashes",
        "createDeal/robustness",
        ('required=("title", "value", "pipeline"))', 'required=("title", "pipeline"))'),
    ),
    assumed(
        "deal-at-closed-stage", "createDeal/conformance", ('"stage": word(OPEN_STAGES),', '"stage": word(STAGE_SLUGS),')
    ),
    assumed(
        "deal-in-any-pipeline",
        "createDeal/conformance",
        ('    "pipeline": word(("sales",)),\n    "stage"', '    "pipeline": text(64, SLUG),\n    "stage"'),
        subtle=True,
    ),
    assumed("deal-below-zero", "createDeal/conformance", (VALUE, VALUE.replace("(0,", "(-1_000_000_000_000,"))),
    assumed("deal-of-zero-refused", "createDeal/conformance", (VALUE, VALUE.replace("(0,", "(1,")), subtle=True),
    assumed("deal-above-a-trillion", "createDeal/conformance", (VALUE, VALUE.replace("1_000_", "9_000_")), subtle=True),
    assumed(
        "deal-of-a-trillion-refused",
        "createDeal/conformance",
        (VALUE, VALUE.replace("1_000_000_000_000", "999_999_999_999")),
        subtle=True,
    ),
    assumed(
        "deal-with-fraction-refused",
        "createDeal/conformance",
        (VALUE, VALUE.replace("000)", "000, whole=True)")),
        subtle=True,
    ),
    assumed(
        "currency-in-small-letters",
        "createDeal/conformance",
        (CURRENCY, CURRENCY.replace("CURRENCY,", '"[A-Za-z]{3}",')),
        subtle=True,
    ),
    assumed(
        "currency-of-four-letters",
        "createDeal/conformance",
        (CURRENCY, CURRENCY.replace("CURRENCY,", '"[A-Z]{3,4}",')),
        subtle=True,
    ),
    assumed(
        "blank-title",
        "createDeal/conformance",
        ('"title": text(200, VISIBLE, "not be blank"),', '"title": text(200),'),
        subtle=True,
    ),
    assumed(
        "title-of-201",
        "createDeal/conformance",
        ('"title": text(200, VISIBLE, "not be blank"),', '"title": text(201, VISIBLE, "not be blank"),'),
        subtle=True,
    ),
)

ANALYTICS = (
    documented(
        "funnel-of-another-workspace",
        "getPipelineAnalytics/access",
        (CALL, CALL.replace("key.tenant", '"workspace-a" if handler is get_pipeline_analytics else key.tenant')),
        subtle=True,
    ),
    assumed(
        "funnel-counts-archived-leads",
        "getPipelineAnalytics/records",
        (PERIOD_OF_LEADS, PERIOD_OF_LEADS.replace("current()", "leads.values()")),
        subtle=True,
    ),
    assumed(
        "funnel-counts-no-leads",
        "getPipelineAnalytics/records",
        ('"volume": {"leads": len(leads),', '"volume": {"leads": len(deals),'),
    ),
    assumed("funnel-counts-no-deals", "getPipelineAnalytics/records", ('"deals": len(deals),', '"deals": 0,')),
    assumed(
        "shares-in-percent",
        "getPipelineAnalytics/conformance",
        (SHARE, "round(100 * part / whole, 2) if whole else None"),
    ),
    assumed(
        "shares-with-two-decimals",
        "getPipelineAnalytics/records",
        (SHARE, "round(part / whole, 2) if whole else None"),
        subtle=True,
    ),
    assumed(
        "shares-not-rounded", "getPipelineAnalytics/records", (SHARE, "part / whole if whole else None"), subtle=True
    ),
    assumed(
        "share-of-nothing-is-zero",
        "getPipelineAnalytics/records",
        (SHARE, "round(part / whole, 4) if whole else 0"),
        subtle=True,
    ),
    assumed("empty-funnel-crashes", "getPipelineAnalytics/robustness", (SHARE, "round(part / whole, 4)"), subtle=True),
    assumed(
        "share-of-the-stage-alone",
        "getPipelineAnalytics/records",
        ("    later = STAGE_SLUGS[STAGE_SLUGS.index(stage) :]\n", "    later = (stage,)\n"),
        subtle=True,
    ),
    assumed("lost-leads-count-at-earlier-stages", "getPipelineAnalytics/records", (LAST, "if slug)"), subtle=True),
    assumed(
        "funnel-converts-by-status",
        "getPipelineAnalytics/records",
        (
            'share(at["closed_won"], len(leads))',
            'share(sum(lead["status"] == "converted" for lead in leads), len(leads))',
        ),
        subtle=True,
    ),
    assumed(
        "conversion-without-lost-leads",
        "getPipelineAnalytics/records",
        ('share(at["closed_won"], len(leads))', 'share(at["closed_won"], len(leads) - at["closed_lost"])'),
        subtle=True,
    ),
    assumed(
        "velocity-is-zero",
        "getPipelineAnalytics/records",
        ('"velocity_days": None,', '"velocity_days": 0,'),
        subtle=True,
    ),
    assumed("no-velocity", "getPipelineAnalytics/conformance", ('        "velocity_days": None,\n', "")),
    assumed(
        "value-is-one-number",
        "getPipelineAnalytics/conformance",
        ('"value": worth(deals)}', '"value": sum(worth(deals).values())}'),
    ),
    assumed(
        "currencies-lumped-together",
        "getPipelineAnalytics/records",
        (WORTH, 'sums["INR"] = sums.get("INR", Decimal(0)) + Decimal(str(deal["value"]))'),
        subtle=True,
    ),
    assumed(
        "value-of-the-last-deal",
        "getPipelineAnalytics/records",
        (WORTH, 'sums[deal["currency"]] = Decimal(str(deal["value"]))'),
        subtle=True,
    ),
    assumed(
        "value-without-fraction",
        "getPipelineAnalytics/records",
        (WORTH, WORTH.replace('Decimal(str(deal["value"]))', 'int(deal["value"])')),
        subtle=True,
    ),
    assumed(
        "period-ignored",
        "getPipelineAnalytics/records",
        ('if "created_from" in asked else -math.inf', "if False else -math.inf"),
        ('if "created_to" in asked else math.inf', "if False else math.inf"),
    ),
    assumed(
        "period-start-ignored",
        "getPipelineAnalytics/records",
        ('if "created_from" in asked else -math.inf', "if False else -math.inf"),
    ),
    assumed(
        "period-without-its-start",
        "getPipelineAnalytics/records",
        (PERIOD_OF_LEADS, PERIOD_OF_LEADS.replace("start <= ", "start < ")),
        subtle=True,
    ),
    assumed(
        "period-with-its-end",
        "getPipelineAnalytics/records",
        (PERIOD_OF_LEADS, PERIOD_OF_LEADS.replace(" < end", " <= end")),
        subtle=True,
    ),
    assumed(
        "period-of-deals-with-its-end",
        "getPipelineAnalytics/records",
        (PERIOD_OF_DEALS, PERIOD_OF_DEALS.replace(" < end", " <= end")),
        subtle=True,
    ),
    assumed("period-for-leads-only", "getPipelineAnalytics/records", (PERIOD_OF_DEALS, "]"), subtle=True),
    assumed(
        "offset-of-period-ignored",
        "getPipelineAnalytics/records",
        ('instant(asked["created_from"])', 'instant(asked["created_from"][:19] + "Z")'),
        subtle=True,
    ),
    assumed(
        "period-of-whole-days",
        "getPipelineAnalytics/records",
        ('instant(asked["created_from"])', 'instant(asked["created_from"][:10] + "T00:00:00Z")'),
        subtle=True,
    ),
    assumed(
        "period-backwards-is-400",
        "getPipelineAnalytics/records",
        (
            "    leads = [lead for lead in call.workspace.current() if start",
            '    if start > end:\n        raise Refusal(400, "Backwards", [{"parameter": "created_to", "detail": "is before created_from"}])\n    leads = [lead for lead in call.workspace.current() if start',
        ),
        subtle=True,
    ),
    assumed(
        "moment-without-zone",
        "getPipelineAnalytics/conformance",
        ('(?:Z|[+-][0-9]{2}:[0-9]{2})"', '(?:Z|[+-][0-9]{2}:[0-9]{2})?"'),
        subtle=True,
    ),
    assumed(
        "date-alone-accepted",
        "getPipelineAnalytics/conformance",
        ('MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T', 'MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T'),
        subtle=True,
    ),
    assumed(
        "impossible-date-crashes",
        "getPipelineAnalytics/robustness",
        ("    except ValueError:\n        valid = False", "    except TypeError:\n        valid = False"),
        subtle=True,
    ),
    assumed(
        "any-pipeline-has-a-funnel",
        "getPipelineAnalytics/conformance",
        ('{"pipeline": word(("sales",)), "created_from"', '{"pipeline": text(), "created_from"'),
    ),
    assumed(
        "funnel-wants-a-pipeline",
        "getPipelineAnalytics/conformance",
        (
            '    asked = call.parameters(FUNNEL_QUERY, pipeline="sales")\n',
            '    asked = call.parameters(FUNNEL_QUERY, pipeline="")\n',
        ),
    ),
    assumed(
        "the-newest-500-alone-are-counted",
        "getPipelineAnalytics/records",
        (PERIOD_OF_LEADS, PERIOD_OF_LEADS.replace("current()", "current()[-500:]")),
        subtle=True,
    ),
    assumed(
        "empty-stages-left-out",
        "getPipelineAnalytics/records",
        ("        for slug, name, _ in STAGES\n", "        for slug, name, _ in STAGES\n        if at[slug]\n"),
        subtle=True,
    ),
)

SALES: tuple[Fault, ...] = (*PIPELINES_AND_DEALS, *ANALYTICS)
