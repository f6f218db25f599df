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

_RAILS_ZONES: Final = (
    "International Date Line West|Midway Island|American Samoa|Hawaii|Alaska|Pacific Time (US & Canada)|Tijuana|"
    "Mountain Time (US & Canada)|Arizona|Chihuahua|Mazatlan|Central Time (US & Canada)|Saskatchewan|Guadalajara|"
    "Mexico City|Monterrey|Central America|Eastern Time (US & Canada)|Indiana (East)|Bogota|Lima|Quito|"
    "Atlantic Time (Canada)|Caracas|La Paz|Santiago|Newfoundland|Brasilia|Buenos Aires|Montevideo|Georgetown|"
    "Puerto Rico|Greenland|Mid-Atlantic|Azores|Cape Verde Is.|Dublin|Edinburgh|Lisbon|London|Casablanca|Monrovia|UTC|"
    "Belgrade|Bratislava|Budapest|Ljubljana|Prague|Sarajevo|Skopje|Warsaw|Zagreb|Brussels|Copenhagen|Madrid|Paris|"
    "Amsterdam|Berlin|Bern|Zurich|Rome|Stockholm|Vienna|West Central Africa|Bucharest|Cairo|Helsinki|Kyiv|Riga|Sofia|"
    "Tallinn|Vilnius|Athens|Istanbul|Minsk|Jerusalem|Harare|Pretoria|Kaliningrad|Moscow|St. Petersburg|Volgograd|"
    "Samara|Kuwait|Riyadh|Nairobi|Baghdad|Tehran|Abu Dhabi|Muscat|Baku|Tbilisi|Yerevan|Kabul|Ekaterinburg|Islamabad|"
    "Karachi|Tashkent|Chennai|Kolkata|Mumbai|New Delhi|Kathmandu|Dhaka|Sri Jayawardenepura|Almaty|Astana|Novosibirsk|"
    "Rangoon|Bangkok|Hanoi|Jakarta|Krasnoyarsk|Beijing|Chongqing|Hong Kong|Urumqi|Kuala Lumpur|Singapore|Taipei|Perth|"
    "Irkutsk|Ulaanbaatar|Seoul|Osaka|Sapporo|Tokyo|Yakutsk|Darwin|Adelaide|Canberra|Melbourne|Sydney|Brisbane|Hobart|"
    "Vladivostok|Guam|Port Moresby|Magadan|Srednekolymsk|Solomon Is.|New Caledonia|Fiji|Kamchatka|Marshall Is.|"
    "Auckland|Wellington|Nuku'alofa|Tokelau Is.|Chatham Is.|Samoa"
)
RAILS_ZONES: Final = frozenset(_RAILS_ZONES.split("|"))
"""The names that Ruby on Rails gives to time zones; Braze takes them beside the IANA names (documented)."""


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
