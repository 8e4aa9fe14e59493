"""Which brand of the coalition sells what: the data's departments, told apart by name.

A line goes by its product: first by product type, then by (department, category), then by
department. Every department of the data has its row; an unknown one is an error, never a guess.
Products that the data's product table does not list (17 of them, nearly all of them rows of
coupons without a price) are the grocer's, category ``unlisted``.
"""

from dataclasses import dataclass

__all__ = ["DEPARTMENTS", "UNLISTED", "Place", "UnknownDepartmentError", "place_of"]


class UnknownDepartmentError(LookupError):
    """The data names a department that the table does not: the table needs a row for it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a product is sold: the brand's slug and that brand's own category."""

    brand: str
    category: str


UNLISTED = Place("grocer", "unlisted")

DEPARTMENTS: dict[str, Place] = {
    "AUTOMOTIVE": Place("fuel", "shop"),
    "CHARITABLE CONT": Place("grocer", "service"),
    "CHEF SHOPPE": Place("butcher", "prepared"),
    "CNTRL/STORE SUP": Place("grocer", "service"),
    "COSMETICS": Place("pharmacy", "beauty"),
    "COUPON": Place("grocer", "service"),
    "DELI": Place("butcher", "deli"),
    "DRUG GM": Place("home", "general"),
    "ELECT &PLUMBING": Place("home", "general"),
    "FLORAL": Place("florist", "flowers"),
    "FROZEN GROCERY": Place("grocer", "grocery"),
    "FUEL": Place("fuel", "shop"),
    "GARDEN CENTER": Place("florist", "garden"),
    "GM MERCH EXP": Place("home", "general"),
    "GROCERY": Place("grocer", "grocery"),
    "HOUSEWARES": Place("home", "kitchen"),
    "MEAT": Place("butcher", "meat"),
    "MEAT-PCKGD": Place("butcher", "meat"),
    "MISCELLANEOUS": Place("grocer", "service"),
    "NUTRITION": Place("grocer", "nutrition"),
    "PASTRY": Place("bakery", "bakery"),
    "PHOTO & VIDEO": Place("home", "general"),
    "POSTAL CENTER": Place("home", "general"),
    "PROD-WHS SALES": Place("grocer", "produce"),
    "PRODUCE": Place("grocer", "produce"),
    "RESTAURANT": Place("bakery", "cafe"),
    "SALAD BAR": Place("bakery", "cafe"),
    "SEAFOOD": Place("butcher", "seafood"),
    "SEAFOOD-PCKGD": Place("butcher", "seafood"),
    "SPIRITS": Place("wine", "spirits"),
    "TOYS": Place("home", "general"),
    "TRAVEL & LEISURE": Place("grocer", "produce"),  # the data files apples and melons there
}


def _rows(department: str, place: Place, *categories: str) -> dict[tuple[str, str], Place]:
    return {(department, category): place for category in categories}


CATEGORIES: dict[tuple[str, str], Place] = {
    **_rows("GROCERY", Place("wine", "beer"), "BEERS/ALES"),
    **_rows("GROCERY", Place("wine", "wine"), "DOMESTIC WINE", "IMPORTED WINE", "MISC WINE"),
    **_rows("GROCERY", Place("wine", "spirits"), "LIQUOR"),
    **_rows("GROCERY", Place("grocer", "service"), "COUPON/MISC ITEMS", "BOTTLE DEPOSITS"),
    **_rows(
        "DRUG GM", Place("grocer", "confectionery"),
        "CANDY - PACKAGED", "COFFEE FILTERS", "DISPOSIBLE FOILWARE", "FD WRAPS/BAGS/TRSH BG",
        "BROOMS AND MOPS",
    ),
    **_rows(
        "DRUG GM", Place("fuel", "shop"),
        "CANDY - CHECKLANE", "NEWSPAPER", "MAGAZINE", "AUTOMOTIVE PRODUCTS", "PROPANE",
        "CHARCOAL AND LIGHTER FLUID", "PREPAID WIRELESS&ACCESSORIES",
        "LONG DISTANCE CALLING CARDS", "J-HOOKS",
    ),
    **_rows("DRUG GM", Place("fuel", "tobacco"), "CIGARETTES", "CIGARS", "TOBACCO OTHER"),
    **_rows("DRUG GM", Place("fuel", "lottery"), "TICKETS"),
    **_rows("DRUG GM", Place("florist", "garden"), "LAWN AND GARDEN SHOP", "INSECTICIDES"),
    **_rows(
        "DRUG GM", Place("pharmacy", "health"),
        "COLD AND FLU", "ANALGESICS", "FIRST AID PRODUCTS", "VITAMINS", "DIETARY AID PRODUCTS",
        "ANTACIDS", "SINUS AND ALLERGY", "LAXATIVES", "EYE AND EAR CARE PRODUCTS",
        "ADULT INCONTINENCE", "FAMILY PLANNING", "FOOT CARE PRODUCTS", "GLASSES/VISION AIDS",
        "SMOKING CESSATIONS", "NATURAL HBC", "MISCELLANEOUS HBC", "PHARMACY", "HOME HEALTH CARE",
    ),
    **_rows(
        "DRUG GM", Place("pharmacy", "beauty"),
        "HAIR CARE PRODUCTS", "ORAL HYGIENE PRODUCTS", "SOAP - LIQUID & BAR", "FEMININE HYGIENE",
        "DEODORANTS", "SHAVING CARE PRODUCTS", "HAND/BODY/FACIAL PRODUCTS", "SUNTAN",
        "HAIR CARE ACCESSORIES", "ETHNIC PERSONAL CARE", "PERSONAL CARE APPLIANCES",
    ),
    **_rows(
        "DRUG GM", Place("pharmacy", "baby"),
        "BABY FOODS", "BABY HBC", "DIAPERS & DISPOSABLES", "INFANT FORMULA",
        "INFANT CARE PRODUCTS",
    ),
    **_rows(
        "DRUG GM", Place("home", "kitchen"),
        "PLASTIC HOUSEWARES", "KITCHEN GADGETS", "COOKWARE & BAKEWARE",
        "HOME FREEZING & CANNING SUPPLY", "GLASSWARE & DINNERWARE",
        "PORTABLE ELECTRIC APPLIANCES",
    ),
    **_rows(
        "DRUG GM", Place("home", "paper"),
        "GREETING CARDS/WRAP/PARTY SPLY", "STATIONERY & SCHOOL SUPPLIES", "BOOKSTORE",
    ),
    **_rows(
        "DRUG GM", Place("home", "seasonal"),
        "CHRISTMAS  SEASONAL", "SPRING/SUMMER SEASONAL", "EASTER", "HALLOWEEN", "VALENTINE",
        "FALL AND WINTER SEASONAL", "FIREWORKS",
    ),
}  # fmt: skip

_GIFT_CARD = Place("grocer", "gift-card")
TYPES: dict[str, Place] = {
    "GASOLINE-REG UNLEADED": Place("fuel", "fuel"),
    "ELECTRONIC GIFT CARDS ACTIVATI": _GIFT_CARD,
    "ELECTRONIC GIFT CARDS REFRESH": _GIFT_CARD,
    "OUTSIDE VENDORS GIFT CARDS": _GIFT_CARD,
    "MASTERCARD GIFT CARD": _GIFT_CARD,
    "AMERICAN EXPRESS GIFT CARD": _GIFT_CARD,
    "MEAT SUPPLIES": Place("butcher", "meat"),
    "PRODUCE DEPT KEY RING": Place("grocer", "produce"),
    "FLORAL DEPT KEY RING": Place("florist", "flowers"),
    "MISCELLANEOUS H & B AIDS": Place("pharmacy", "health"),
    "MISC. BATH PRODUCTS": Place("pharmacy", "beauty"),
    "TICKETS": Place("fuel", "lottery"),
}


def place_of(*, department: str | None, category: str | None, kind: str | None) -> Place:
    """Return where a product of this department, category and product type is sold.

    A product outside the product table has no department.

    Raises:
        UnknownDepartmentError: the table has no row for the department.
    """
    if department is None:
        return UNLISTED
    if kind is not None and kind in TYPES:
        return TYPES[kind]
    if category is not None and (department, category) in CATEGORIES:
        return CATEGORIES[department, category]
    try:
        return DEPARTMENTS[department]
    except KeyError:
        raise UnknownDepartmentError(f"no brand sells the department {department!r}") from None
