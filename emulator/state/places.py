"""Countries, languages and time zones: which values of a standard attribute Braze can place."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_COUNTRIES: Final = """
    AD Andorra, AE United Arab Emirates, AF Afghanistan, AG Antigua and Barbuda, AI Anguilla, AL Albania,
    AM Armenia, AO Angola, AQ Antarctica, AR Argentina, AS American Samoa, AT Austria, AU Australia, AW Aruba,
    AX Åland Islands, AZ Azerbaijan, BA Bosnia and Herzegovina, BB Barbados, BD Bangladesh, BE Belgium,
    BF Burkina Faso, BG Bulgaria, BH Bahrain, BI Burundi, BJ Benin, BL Saint Barthelemy, BM Bermuda, BN Brunei,
    BO Bolivia, BQ Caribbean NL, BR Brazil, BS Bahamas, BT Bhutan, BV Bouvet Island, BW Botswana, BY Belarus,
    BZ Belize, CA Canada, CC Cocos Islands, CD Democratic Republic of the Congo, CF Central African Rep., CG Congo,
    CH Switzerland, CI Côte d'Ivoire, CK Cook Islands, CL Chile, CM Cameroon, CN China, CO Colombia, CR Costa Rica,
    CU Cuba, CV Cape Verde, CW Curaçao, CX Christmas Island, CY Cyprus, CZ Czechia, DE Germany, DJ Djibouti,
    DK Denmark, DM Dominica, DO Dominican Republic, DZ Algeria, EC Ecuador, EE Estonia, EG Egypt,
    EH Western Sahara, ER Eritrea, ES Spain, ET Ethiopia, FI Finland, FJ Fiji, FK Falkland Islands, FM Micronesia,
    FO Faroe Islands, FR France, GA Gabon, GB United Kingdom, GD Grenada, GE Georgia, GF French Guiana,
    GG Guernsey, GH Ghana, GI Gibraltar, GL Greenland, GM Gambia, GN Guinea, GP Guadeloupe, GQ Equatorial Guinea,
    GR Greece, GS South Georgia and the South Sandwich Islands, GT Guatemala, GU Guam, GW Guinea-Bissau, GY Guyana,
    HK Hong Kong, HM Heard Island and McDonald Islands, HN Honduras, HR Croatia, HT Haiti, HU Hungary,
    ID Indonesia, IE Ireland, IL Israel, IM Isle of Man, IN India, IO British Indian Ocean Territory, IQ Iraq,
    IR Iran, IS Iceland, IT Italy, JE Jersey, JM Jamaica, JO Jordan, JP Japan, KE Kenya, KG Kyrgyzstan,
    KH Cambodia, KI Kiribati, KM Comoros, KN Saint Kitts and Nevis, KP North Korea, KR South Korea, KW Kuwait,
    KY Cayman Islands, KZ Kazakhstan, LA Laos, LB Lebanon, LC Saint Lucia, LI Liechtenstein, LK Sri Lanka,
    LR Liberia, LS Lesotho, LT Lithuania, LU Luxembourg, LV Latvia, LY Libya, MA Morocco, MC Monaco, MD Moldova,
    ME Montenegro, MF Saint Martin, MG Madagascar, MH Marshall Islands, MK North Macedonia, ML Mali, MM Myanmar,
    MN Mongolia, MO Macau, MP Northern Mariana Islands, MQ Martinique, MR Mauritania, MS Montserrat, MT Malta,
    MU Mauritius, MV Maldives, MW Malawi, MX Mexico, MY Malaysia, MZ Mozambique, NA Namibia, NC New Caledonia,
    NE Niger, NF Norfolk Island, NG Nigeria, NI Nicaragua, NL Netherlands, NO Norway, NP Nepal, NR Nauru, NU Niue,
    NZ New Zealand, OM Oman, PA Panama, PE Peru, PF French Polynesia, PG Papua New Guinea, PH Philippines,
    PK Pakistan, PL Poland, PM Saint Pierre and Miquelon, PN Pitcairn, PR Puerto Rico, PS Palestine, PT Portugal,
    PW Palau, PY Paraguay, QA Qatar, RE Réunion, RO Romania, RS Serbia, RU Russia, RW Rwanda, SA Saudi Arabia,
    SB Solomon Islands, SC Seychelles, SD Sudan, SE Sweden, SG Singapore, SH Saint Helena, SI Slovenia,
    SJ Svalbard and Jan Mayen, SK Slovakia, SL Sierra Leone, SM San Marino, SN Senegal, SO Somalia, SR Suriname,
    SS South Sudan, ST Sao Tome and Principe, SV El Salvador, SX Sint Maarten, SY Syria, SZ Eswatini,
    TC Turks and Caicos Islands, TD Chad, TF French S. Terr., TG Togo, TH Thailand, TJ Tajikistan, TK Tokelau,
    TL East Timor, TM Turkmenistan, TN Tunisia, TO Tonga, TR Turkey, TT Trinidad and Tobago, TV Tuvalu, TW Taiwan,
    TZ Tanzania, UA Ukraine, UG Uganda, UM US minor outlying islands, US United States, UY Uruguay, UZ Uzbekistan,
    VA Vatican City, VC Saint Vincent, VE Venezuela, VG British Virgin Islands, VI US Virgin Islands, VN Vietnam,
    VU Vanuatu, WF Wallis and Futuna, WS Samoa, YE Yemen, YT Mayotte, ZA South Africa, ZM Zambia, ZW Zimbabwe
"""
"""ISO 3166-1 alpha-2 codes with an English name."""

_OTHER_NAMES: Final = {
    "USA": "US", "U.S.": "US", "U.S.A.": "US", "United States of America": "US", "America": "US", "UK": "GB",
    "U.K.": "GB", "GBR": "GB", "Great Britain": "GB", "Britain": "GB", "England": "GB", "Scotland": "GB",
    "Wales": "GB", "Northern Ireland": "GB", "Czech Republic": "CZ", "Holland": "NL", "The Netherlands": "NL",
    "Korea": "KR", "Republic of Korea": "KR", "Russian Federation": "RU", "Viet Nam": "VN", "Ivory Coast": "CI",
    "Burma": "MM", "Swaziland": "SZ", "Macedonia": "MK", "Turkiye": "TR", "UAE": "AE", "Deutschland": "DE",
    "CAN": "CA", "MEX": "MX", "FRA": "FR", "DEU": "DE", "ESP": "ES", "ITA": "IT", "NLD": "NL", "AUS": "AU",
    "JPN": "JP", "CHN": "CN", "IND": "IN", "BRA": "BR", "IRL": "IE", "CHE": "CH", "AUT": "AT", "BEL": "BE",
    "SWE": "SE", "NOR": "NO", "DNK": "DK", "FIN": "FI", "POL": "PL", "PRT": "PT", "KOR": "KR", "ZAF": "ZA",
}  # fmt: skip
"""What people write besides. Which texts the real service understands is not published."""

_LANGUAGES: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
LANGUAGES: Final = frozenset(_LANGUAGES.split())
"""ISO 639-1."""

_CITIES: Final = {
    "Africa": "Cairo|Casablanca|Harare|Monrovia|Nairobi",
    "America": "Bogota|Caracas|Chihuahua|La Paz|Lima|Mazatlan|Mexico City|Monterrey|Montevideo|Puerto Rico|Santiago|"
    "Tijuana",
    "Asia": "Almaty|Baghdad|Baku|Bangkok|Chongqing|Dhaka|Hong Kong|Irkutsk|Jakarta|Jerusalem|Kabul|Kamchatka|Karachi|"
    "Kathmandu|Kolkata|Krasnoyarsk|Kuala Lumpur|Kuwait|Magadan|Muscat|Novosibirsk|Rangoon|Riyadh|Seoul|Singapore|"
    "Srednekolymsk|Taipei|Tashkent|Tbilisi|Tehran|Tokyo|Ulaanbaatar|Urumqi|Vladivostok|Yakutsk|Yerevan",
    "Atlantic": "Azores",
    "Australia": "Adelaide|Brisbane|Canberra|Darwin|Hobart|Melbourne|Perth|Sydney",
    "Europe": "Amsterdam|Athens|Belgrade|Berlin|Bratislava|Brussels|Bucharest|Budapest|Copenhagen|Dublin|Helsinki|"
    "Istanbul|Kaliningrad|Lisbon|Ljubljana|London|Madrid|Minsk|Moscow|Paris|Prague|Riga|Rome|Samara|Sarajevo|Skopje|"
    "Sofia|Stockholm|Tallinn|Vienna|Vilnius|Volgograd|Warsaw|Zagreb|Zurich",
    "Pacific": "Auckland|Fiji|Guam|Port Moresby",
}
_OTHER_ZONES: Final = {
    "International Date Line West": "Etc/GMT+12", "Midway Island": "Pacific/Midway",
    "American Samoa": "Pacific/Pago_Pago", "Hawaii": "Pacific/Honolulu", "Alaska": "America/Juneau",
    "Pacific Time (US & Canada)": "America/Los_Angeles", "Mountain Time (US & Canada)": "America/Denver",
    "Arizona": "America/Phoenix", "Central Time (US & Canada)": "America/Chicago", "Saskatchewan": "America/Regina",
    "Guadalajara": "America/Mexico_City", "Central America": "America/Guatemala",
    "Eastern Time (US & Canada)": "America/New_York", "Indiana (East)": "America/Indiana/Indianapolis",
    "Quito": "America/Lima", "Atlantic Time (Canada)": "America/Halifax", "Newfoundland": "America/St_Johns",
    "Brasilia": "America/Sao_Paulo", "Buenos Aires": "America/Argentina/Buenos_Aires", "Georgetown": "America/Guyana",
    "Greenland": "America/Godthab", "Mid-Atlantic": "Atlantic/South_Georgia", "Cape Verde Is.": "Atlantic/Cape_Verde",
    "Edinburgh": "Europe/London", "UTC": "UTC", "Bern": "Europe/Zurich", "West Central Africa": "Africa/Algiers",
    "Kyiv": "Europe/Kiev", "Pretoria": "Africa/Johannesburg", "St. Petersburg": "Europe/Moscow",
    "Abu Dhabi": "Asia/Muscat", "Ekaterinburg": "Asia/Yekaterinburg", "Islamabad": "Asia/Karachi",
    "Chennai": "Asia/Kolkata", "Mumbai": "Asia/Kolkata", "New Delhi": "Asia/Kolkata",
    "Sri Jayawardenepura": "Asia/Colombo", "Astana": "Asia/Almaty", "Hanoi": "Asia/Bangkok",
    "Beijing": "Asia/Shanghai", "Osaka": "Asia/Tokyo", "Sapporo": "Asia/Tokyo", "Solomon Is.": "Pacific/Guadalcanal",
    "New Caledonia": "Pacific/Noumea", "Marshall Is.": "Pacific/Majuro", "Wellington": "Pacific/Auckland",
    "Nuku'alofa": "Pacific/Tongatapu", "Tokelau Is.": "Pacific/Fakaofo", "Chatham Is.": "Pacific/Chatham",
    "Samoa": "Pacific/Apia",
}  # fmt: skip
RAILS_ZONES: Final = {
    **{city: f"{area}/{city.replace(' ', '_')}" for area, cities in _CITIES.items() for city in cities.split("|")},
    **_OTHER_ZONES,
}
"""The names that Ruby on Rails gives to time zones -> their IANA names; Braze takes both (documented)."""


@cache
def _country_names() -> dict[str, str]:
    """Every way to write a country, in lower case -> its code."""
    pairs = [entry.strip().split(" ", 1) for entry in _COUNTRIES.replace("\n", " ").split(",")]
    codes = {code.lower(): code for code, _ in pairs}
    names = {name.lower(): code for code, name in pairs}
    return {**{name.lower(): code for name, code in _OTHER_NAMES.items()}, **names, **codes}


def country(text: str) -> str | None:
    """The alpha-2 code of a country's code or name, or None for what is neither."""
    return _country_names().get(text.strip().lower())


@lru_cache(maxsize=512)
def is_time_zone(name: str) -> bool:
    if name in RAILS_ZONES:
        return True
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a name; a directory
        return False
    return True
