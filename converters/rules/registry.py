"""A name for every rule, by which code cites it: `rules.RP032`. Written by `python -m converters.rules`."""

from typing import Final

__all__ = [
    "ALL001",
    "ALL002",
    "CL001",
    "CL002",
    "CL003",
    "CL004",
    "CL005",
    "CL006",
    "CL007",
    "CL008",
    "CL009",
    "CL010",
    "CL011",
    "CL012",
    "CL013",
    "CL014",
    "CL015",
    "CL016",
    "CL017",
    "CL018",
    "CL019",
    "CL020",
    "CL021",
    "DK001",
    "DK002",
    "DK003",
    "DK004",
    "DK005",
    "DK006",
    "DK007",
    "DK008",
    "DK009",
    "DK012",
    "DK013",
    "DK014",
    "DK016",
    "DK017",
    "DK020",
    "DK021",
    "DK022",
    "DK023",
    "DK024",
    "DK025",
    "DK026",
    "DK027",
    "DK028",
    "DK029",
    "DK030",
    "DK031",
    "DK032",
    "DK034",
    "DK035",
    "DK037",
    "DK038",
    "DK039",
    "DK040",
    "DK041",
    "DK042",
    "DK043",
    "DK044",
    "DK045",
    "DK046",
    "ENV001",
    "ENV002",
    "ENV003",
    "ENV004",
    "ENV005",
    "ENV006",
    "ENV007",
    "ENV008",
    "ENV009",
    "ENV010",
    "ENV011",
    "ENV012",
    "ENV013",
    "ENV020",
    "ENV021",
    "FAL001",
    "FAL002",
    "FS001",
    "FS002",
    "FS003",
    "FS004",
    "FS005",
    "FS010",
    "FS011",
    "PF001",
    "PF003",
    "PF004",
    "PF005",
    "PF006",
    "PF007",
    "PF008",
    "PF009",
    "PF010",
    "PF011",
    "PF020",
    "PF021",
    "PF030",
    "PF031",
    "PF032",
    "PF033",
    "PF034",
    "PF035",
    "PF036",
    "PF040",
    "PF041",
    "PF042",
    "PF050",
    "PF051",
    "RC001",
    "RC002",
    "RC003",
    "RC004",
    "RC005",
    "RC006",
    "RC007",
    "RC008",
    "RC009",
    "RC010",
    "RC011",
    "RC012",
    "RC013",
    "RC015",
    "RC016",
    "RC017",
    "RC018",
    "RC019",
    "RC020",
    "RC021",
    "RC022",
    "RC023",
    "RC024",
    "RC025",
    "RC026",
    "RC027",
    "RC028",
    "RC029",
    "RC030",
    "RC031",
    "RC032",
    "RC033",
    "RC034",
    "RC035",
    "RC036",
    "RC037",
    "RC038",
    "RC039",
    "RC040",
    "RC041",
    "RC042",
    "RP001",
    "RP002",
    "RP003",
    "RP004",
    "RP005",
    "RP006",
    "RP007",
    "RP008",
    "RP009",
    "RP010",
    "RP011",
    "RP012",
    "RP014",
    "RP015",
    "RP016",
    "RP017",
    "RP018",
    "RP019",
    "RP020",
    "RP021",
    "RP022",
    "RP023",
    "RP024",
    "RP025",
    "RP026",
    "RP030",
    "RP031",
    "RP032",
    "RP033",
    "RP034",
    "RP035",
    "RP036",
    "RP037",
    "RP038",
    "RP039",
    "RP040",
    "RP041",
    "RP042",
    "RP043",
    "RP044",
    "RP045",
    "RP046",
    "RP047",
    "RP048",
    "RP049",
    "RP050",
    "RP051",
    "RP052",
]

ALL001: Final = "ALL001"
ALL002: Final = "ALL002"
CL001: Final = "CL001"
CL002: Final = "CL002"
CL003: Final = "CL003"
CL004: Final = "CL004"
CL005: Final = "CL005"
CL006: Final = "CL006"
CL007: Final = "CL007"
CL008: Final = "CL008"
CL009: Final = "CL009"
CL010: Final = "CL010"
CL011: Final = "CL011"
CL012: Final = "CL012"
CL013: Final = "CL013"
CL014: Final = "CL014"
CL015: Final = "CL015"
CL016: Final = "CL016"
CL017: Final = "CL017"
CL018: Final = "CL018"
CL019: Final = "CL019"
CL020: Final = "CL020"
CL021: Final = "CL021"
DK001: Final = "DK001"
DK002: Final = "DK002"
DK003: Final = "DK003"
DK004: Final = "DK004"
DK005: Final = "DK005"
DK006: Final = "DK006"
DK007: Final = "DK007"
DK008: Final = "DK008"
DK009: Final = "DK009"
DK012: Final = "DK012"
DK013: Final = "DK013"
DK014: Final = "DK014"
DK016: Final = "DK016"
DK017: Final = "DK017"
DK020: Final = "DK020"
DK021: Final = "DK021"
DK022: Final = "DK022"
DK023: Final = "DK023"
DK024: Final = "DK024"
DK025: Final = "DK025"
DK026: Final = "DK026"
DK027: Final = "DK027"
DK028: Final = "DK028"
DK029: Final = "DK029"
DK030: Final = "DK030"
DK031: Final = "DK031"
DK032: Final = "DK032"
DK034: Final = "DK034"
DK035: Final = "DK035"
DK037: Final = "DK037"
DK038: Final = "DK038"
DK039: Final = "DK039"
DK040: Final = "DK040"
DK041: Final = "DK041"
DK042: Final = "DK042"
DK043: Final = "DK043"
DK044: Final = "DK044"
DK045: Final = "DK045"
DK046: Final = "DK046"
ENV001: Final = "ENV001"
ENV002: Final = "ENV002"
ENV003: Final = "ENV003"
ENV004: Final = "ENV004"
ENV005: Final = "ENV005"
ENV006: Final = "ENV006"
ENV007: Final = "ENV007"
ENV008: Final = "ENV008"
ENV009: Final = "ENV009"
ENV010: Final = "ENV010"
ENV011: Final = "ENV011"
ENV012: Final = "ENV012"
ENV013: Final = "ENV013"
ENV020: Final = "ENV020"
ENV021: Final = "ENV021"
FAL001: Final = "FAL001"
FAL002: Final = "FAL002"
FS001: Final = "FS001"
FS002: Final = "FS002"
FS003: Final = "FS003"
FS004: Final = "FS004"
FS005: Final = "FS005"
FS010: Final = "FS010"
FS011: Final = "FS011"
PF001: Final = "PF001"
PF003: Final = "PF003"
PF004: Final = "PF004"
PF005: Final = "PF005"
PF006: Final = "PF006"
PF007: Final = "PF007"
PF008: Final = "PF008"
PF009: Final = "PF009"
PF010: Final = "PF010"
PF011: Final = "PF011"
PF020: Final = "PF020"
PF021: Final = "PF021"
PF030: Final = "PF030"
PF031: Final = "PF031"
PF032: Final = "PF032"
PF033: Final = "PF033"
PF034: Final = "PF034"
PF035: Final = "PF035"
PF036: Final = "PF036"
PF040: Final = "PF040"
PF041: Final = "PF041"
PF042: Final = "PF042"
PF050: Final = "PF050"
PF051: Final = "PF051"
RC001: Final = "RC001"
RC002: Final = "RC002"
RC003: Final = "RC003"
RC004: Final = "RC004"
RC005: Final = "RC005"
RC006: Final = "RC006"
RC007: Final = "RC007"
RC008: Final = "RC008"
RC009: Final = "RC009"
RC010: Final = "RC010"
RC011: Final = "RC011"
RC012: Final = "RC012"
RC013: Final = "RC013"
RC015: Final = "RC015"
RC016: Final = "RC016"
RC017: Final = "RC017"
RC018: Final = "RC018"
RC019: Final = "RC019"
RC020: Final = "RC020"
RC021: Final = "RC021"
RC022: Final = "RC022"
RC023: Final = "RC023"
RC024: Final = "RC024"
RC025: Final = "RC025"
RC026: Final = "RC026"
RC027: Final = "RC027"
RC028: Final = "RC028"
RC029: Final = "RC029"
RC030: Final = "RC030"
RC031: Final = "RC031"
RC032: Final = "RC032"
RC033: Final = "RC033"
RC034: Final = "RC034"
RC035: Final = "RC035"
RC036: Final = "RC036"
RC037: Final = "RC037"
RC038: Final = "RC038"
RC039: Final = "RC039"
RC040: Final = "RC040"
RC041: Final = "RC041"
RC042: Final = "RC042"
RP001: Final = "RP001"
RP002: Final = "RP002"
RP003: Final = "RP003"
RP004: Final = "RP004"
RP005: Final = "RP005"
RP006: Final = "RP006"
RP007: Final = "RP007"
RP008: Final = "RP008"
RP009: Final = "RP009"
RP010: Final = "RP010"
RP011: Final = "RP011"
RP012: Final = "RP012"
RP014: Final = "RP014"
RP015: Final = "RP015"
RP016: Final = "RP016"
RP017: Final = "RP017"
RP018: Final = "RP018"
RP019: Final = "RP019"
RP020: Final = "RP020"
RP021: Final = "RP021"
RP022: Final = "RP022"
RP023: Final = "RP023"
RP024: Final = "RP024"
RP025: Final = "RP025"
RP026: Final = "RP026"
RP030: Final = "RP030"
RP031: Final = "RP031"
RP032: Final = "RP032"
RP033: Final = "RP033"
RP034: Final = "RP034"
RP035: Final = "RP035"
RP036: Final = "RP036"
RP037: Final = "RP037"
RP038: Final = "RP038"
RP039: Final = "RP039"
RP040: Final = "RP040"
RP041: Final = "RP041"
RP042: Final = "RP042"
RP043: Final = "RP043"
RP044: Final = "RP044"
RP045: Final = "RP045"
RP046: Final = "RP046"
RP047: Final = "RP047"
RP048: Final = "RP048"
RP049: Final = "RP049"
RP050: Final = "RP050"
RP051: Final = "RP051"
RP052: Final = "RP052"
