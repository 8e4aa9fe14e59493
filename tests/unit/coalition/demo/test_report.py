"""The tables add up."""

from datetime import date

from rich.console import Console

from coalition.demo.night import BundleFacts, Night
from coalition.demo.replay import BrandCount
from coalition.demo.report import Outcome, compression, print_outcome


def test_compression_is_the_share_of_the_gross_that_netting_spares() -> None:
    assert compression(gross=200, net=50) == "75.0 %"
    assert compression(gross=0, net=0) == "–"
    assert compression(gross=9_996, net=10_000) == "0.0 %"


def test_the_tables_show_each_brand_the_sums_and_the_nights() -> None:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        print_outcome(
            console=console,
            outcome=Outcome(
                dates=[date(2017, 1, 1), date(2017, 1, 2)],
                counts={
                    "bakery": BrandCount(sales=2, amount=1250, earned=40, spent=30),
                    "wine": BrandCount(sales=1, amount=2000, earned=10, spent=1000),
                },
                without_points=3,
                nights=[Night(date(2017, 1, 1), 20_000_000, 5_000_000, 2, 3, 0.1)],
                bundles=[BundleFacts("wine", "2017-01-01", 3, 12_000_000, 8_000_000, 4_000_000)],
                seconds={"replay": 1.25},
                ledger="clean",
            ),
        )
    printed = captured.get()
    together = next(line for line in printed.splitlines() if "Together" in line)
    assert [cell.strip() for cell in together.split("│")[2:-1]] == [
        "3", "32.50", "0", "0.00", "50", "0", "1,030",
    ]  # fmt: skip
    assert "On 3 other occasions" in printed
    coalition = next(line for line in printed.splitlines() if "each amount once" in line)
    assert "20.00" in coalition
    assert "5.00" in coalition
    assert "75.0 %" in coalition
    wine = next(line for line in printed.splitlines() if "Oak & Vine" in line and "80.0 %" in line)
    assert "12.00" in wine
