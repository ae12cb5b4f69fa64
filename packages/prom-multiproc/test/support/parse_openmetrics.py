"""Parses pages with the strict OpenMetrics parser of Prometheus' Python client. Reads a JSON list of pages from stdin, and prints a list
with the metrics of each page, or the reason why the parser rejects it."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def exemplar(one):
    return one and [one.labels, one.value, one.timestamp and float(one.timestamp)]


def parse(page):
    try:
        return [
            {
                "name": family.name,
                "type": family.type,
                "help": family.documentation,
                "samples": [[one.name, one.labels, repr(float(one.value)), exemplar(one.exemplar)] for one in family.samples],
            }
            for family in text_string_to_metric_families(page)
        ]
    except ValueError as error:
        return str(error)


json.dump([parse(page) for page in json.load(sys.stdin)], sys.stdout)
