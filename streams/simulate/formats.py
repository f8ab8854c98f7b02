"""The partners' file kinds: their columns in order, and what separates them."""

SEPARATORS = {
    "debit": ";",
    "cotisation": ";",
    "delai": ";",
    "ccsf": ";",
    "procol": ";",
    "apdemande": ",",
    "apconso": ",",
    "effectif": ";",
    "effectif_ent": ";",
    "sirene": ",",
    "sirene_ul": ",",
}
"""Every kind; its file is named KIND.csv."""

_LINES = {
    "debit": (
        "Urssaf_gestion;Dep;num_cpte;Siren;Siret;Dt_immat;Etat_cpte;Cd_pro_col;Periode;Num_Ecn;Num_Hist_Ecn;"
        "Dt_trt_ecn;Mt_PO;Mt_PP;Cd_op_ecn;Motif_ecn;Recours_en_cours"
    ),
    "cotisation": "Urssaf_gestion;Dep;Siret;Compte;periode;mer;enc_direct;cotis_due",
    "delai": (
        "Urssaf_gestion;Dep;Siret;Numero_compte_externe;Numero_structure;Date_creation;Date_echeance;"
        "Duree_delai;Denomination_premiere_ligne;Indic_6M;Annee_creation;Montant_global_echeancier;"
        "Code_externe_stade;Code_externe_action"
    ),
    "ccsf": "Urssaf_gestion;Dep;Siret;Compte;Date_de_traitement;Code_externe_stade;Code_externe_action",
    "procol": "Siret;Siren;Dt_effet;Cat_v2;Lib_actx_stdx",
    "apdemande": (
        "ID_DA,ETAB_SIRET,EFF_ENT,EFF_ETAB,DATE_STATUT,DATE_DEB,DATE_FIN,HTA,MTA,EFF_AUTO,MOTIF_RECOURS_SE,"
        "PERIMETRE_AP,S_HEURE_CONSOM_TOT,S_EFF_CONSOM_TOT,S_MONTANT_CONSOM_TOT,RECOURS_ANTERIEUR"
    ),
    "apconso": "ID_DA,ETAB_SIRET,HEURES,MONTANTS,EFFECTIFS,MOIS",
    "sirene": (
        "siren,nic,siret,statutDiffusionEtablissement,dateCreationEtablissement,"
        "trancheEffectifsEtablissement,anneeEffectifsEtablissement,"
        "activitePrincipaleRegistreMetiersEtablissement,dateDernierTraitementEtablissement,"
        "etablissementSiege,nombrePeriodesEtablissement,complementAdresseEtablissement,"
        "numeroVoieEtablissement,indiceRepetitionEtablissement,typeVoieEtablissement,"
        "libelleVoieEtablissement,codePostalEtablissement,libelleCommuneEtablissement,"
        "libelleCommuneEtrangerEtablissement,distributionSpecialeEtablissement,codeCommuneEtablissement,"
        "codeCedexEtablissement,libelleCedexEtablissement,codePaysEtrangerEtablissement,"
        "libellePaysEtrangerEtablissement,dateDebut,etatAdministratifEtablissement,enseigne1Etablissement,"
        "denominationUsuelleEtablissement,activitePrincipaleEtablissement,"
        "nomenclatureActivitePrincipaleEtablissement,caractereEmployeurEtablissement"
    ),
    "sirene_ul": (
        "siren,statutDiffusionUniteLegale,unitePurgeeUniteLegale,dateCreationUniteLegale,sigleUniteLegale,"
        "sexeUniteLegale,prenom1UniteLegale,prenomUsuelUniteLegale,trancheEffectifsUniteLegale,"
        "dateDernierTraitementUniteLegale,nombrePeriodesUniteLegale,categorieEntreprise,dateDebut,"
        "etatAdministratifUniteLegale,nomUniteLegale,nomUsageUniteLegale,denominationUniteLegale,"
        "denominationUsuelle1UniteLegale,categorieJuridiqueUniteLegale,activitePrincipaleUniteLegale,"
        "nomenclatureActivitePrincipaleUniteLegale,nicSiegeUniteLegale,economieSocialeSolidaireUniteLegale,"
        "caractereEmployeurUniteLegale"
    ),
}

HEADERS = {kind: line.split(SEPARATORS[kind]) for kind, line in _LINES.items()}
"""The columns of each kind but the two wide ones, which have a column a month."""

QUOTED_HEADERS = {"apdemande", "apconso"}
"""The kinds whose header is quoted as their text cells are."""


def header(kind: str, months: list[str]) -> list[str]:
    """The columns of a kind; `months` are the wide kinds' month columns."""
    if kind == "effectif":
        return ["compte", "siret", "rais_soc", "ape_ins", "dep", *months]
    if kind == "effectif_ent":
        return ["siren", *months, "rais_soc"]
    return HEADERS[kind]
