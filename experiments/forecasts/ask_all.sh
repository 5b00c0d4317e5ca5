#!/bin/sh
# Every kept forecast but that of December 2025, with the commands that made it. A file that exists
# is never written again, so this makes only what is missing: sh experiments/forecasts/ask_all.sh DIR
set -e
out=${1:-docs/forecasts}
ask() {
    name=$1 known=$2
    shift 2
    ls "$out/${name}_known_${known}_"*.json >/dev/null 2>&1 ||
        ${COMMAND:-negotiation-abm} ask "$name" --known "$known" "$@" --out "$out"
}
# The last Sunday of every quarter from the first one at which a truce was on record.
ask us_china_2018 2018-06-24
ask us_china_2018 2018-09-30
ask us_china_2018 2018-12-30
ask us_china_2018 2019-03-31
ask us_china_2018 2019-06-30
ask us_china_2018 2019-09-29
ask us_china_2018 2019-12-29
ask us_china_2025 2025-03-30
ask us_china_2025 2025-06-29
ask us_china_2025 2025-09-28
ask us_china_2025 2025-12-28
ask us_china_2026 2026-03-29
ask us_china_2026 2026-06-28
# Days on which others published a probability.
ask us_china_2018 2019-02-22 --on 2019-03-02
ask us_china_2026 2026-04-27 --on 2026-06-26
# The forecast.
ask us_china_2026 2026-10-08 --on 2027-01-10
