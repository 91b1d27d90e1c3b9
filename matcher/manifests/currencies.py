"""Currency codes, and the signs that people write for them."""

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS
SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST
XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL
"""

ISO_CODES = frozenset(_CODES.split())
"""ISO 4217 codes in use, and those retired so lately that catalogues still hold them."""

THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""Currencies whose amounts have three decimals, so that a point before three digits is a decimal point."""

SYMBOLS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₫": "VND", "₴": "UAH",
    "₪": "ILS", "฿": "THB", "₦": "NGN", "₱": "PHP", "₡": "CRC", "₲": "PYG", "₸": "KZT", "₼": "AZN",
    "₾": "GEL", "₵": "GHS", "₭": "LAK", "₮": "MNT", "៛": "KHR", "৳": "BDT", "ZŁ": "PLN", "KČ": "CZK",
    "FT": "HUF", "EURO": "EUR", "US$": "USD", "USD$": "USD", "AU$": "AUD", "A$": "AUD", "CA$": "CAD",
    "C$": "CAD", "HK$": "HKD", "NZ$": "NZD", "S$": "SGD", "NT$": "TWD", "R$": "BRL", "MX$": "MXN",
    "RMB": "CNY", "CN¥": "CNY", "CNY¥": "CNY", "JP¥": "JPY", "JPY¥": "JPY", "円": "JPY", "원": "KRW",
    "ЛВ": "BGN", "ЛВ.": "BGN", "РУБ": "RUB", "РУБ.": "RUB", "ГРН": "UAH", "ГРН.": "UAH", "TL": "TRY",
    "DH": "MAD", "RP": "IDR", "RM": "MYR",
}  # fmt: skip
"""Symbols that mean one currency; upper case."""

AMBIGUOUS = frozenset(
    {"$", "¥", "元", "圆", "圓", "KR", "KR.", "RS", "RS.", "R", "FR", "FR.", "SFR.", "LEI", "P."}
)
"""Symbols that say 'money' but not whose."""
