"""What operations, fields and errors of the API mean, in French; translated like every page.

A name means the same wherever it stands in the API, so that one text per name is enough; where it
does not, the name of the object before it tells them apart.
"""

from dataclasses import dataclass

from llmaas.generators.site.reference import Field, Operation


def N_(text: str) -> str:  # noqa: N802 - gettext's customary marker for texts translated later
    """Mark a text for translation."""
    return text


@dataclass(frozen=True)
class ErrorRow:
    """Errors with one status and type."""

    status: int
    type: str
    codes: tuple[str, ...]
    meaning: str


OPERATION_TEXTS = {
    "GET /v1/models": N_("Les modèles que ce déploiement et votre clé permettent d’appeler."),
    "GET /v1/models/{model}": N_("Un modèle, par son identifiant ou un alias."),
    "POST /v1/chat/completions": N_(
        "Une réponse à une conversation, en une fois ou en flux d’événements."
    ),
    "POST /v1/completions": N_(
        "La suite d’un texte. Un corps avec `messages` est traité comme une conversation."
    ),
    "POST /v1/embeddings": N_("Des vecteurs pour la recherche et la comparaison de textes."),
    "POST /v1/audio/transcriptions": N_("Le texte de ce qui est dit dans un enregistrement."),
    "GET /admin/v1/bundle": N_(
        "Le catalogue et le programme qui répondent, depuis quand, et le dernier paquet refusé."
    ),
    "GET /metrics": N_(
        "Les mesures de cette passerelle depuis son démarrage et l’état de ses workers, au format "
        "de Prometheus."
    ),
    "GET /admin/v1/tenants": N_("Tous les clients, avec leur solde."),
    "POST /admin/v1/tenants": N_(
        "Créer un client ; ce que son palier demande d’avance est inscrit à son crédit."
    ),
    "POST /admin/v1/credits": N_("Inscrire un paiement d’un client ; il sert aussitôt."),
    "GET /admin/v1/contacts": N_(
        "Où et dans quelle langue les clients apprennent qu’un modèle part."
    ),
    "POST /admin/v1/contacts": N_(
        "Changer l’adresse d’un client. Ce qui manque reste ; un texte vide efface."
    ),
    "GET /admin/v1/keys": N_("Toutes les clés, même révoquées, sans leurs secrets."),
    "POST /admin/v1/keys": N_(
        "Créer une clé. Son secret est dans cette réponse et nulle part ailleurs."
    ),
    "GET /admin/v1/keys/{key}": N_("Une clé, sans son secret."),
    "POST /admin/v1/rotations": N_(
        "Donner un successeur à une clé ; les deux sont valables pendant le délai de grâce."
    ),
    "POST /admin/v1/revocations": N_(
        "Révoquer une clé pour toujours ; la requête suivante est refusée."
    ),
    "GET /": N_("Le service en bref, là où aucune documentation n’est servie."),
    "GET /health/live": N_("Le processus répond."),
    "GET /health/ready": N_("Le service est prêt à répondre aux appels."),
    "GET /openapi.json": N_("La description de cette API pour les outils."),
}

FIELD_TEXTS = {
    "model": N_("Identifiant ou alias du modèle."),
    "messages": N_("La conversation, du plus ancien message au plus récent."),
    "role": N_("Qui parle."),
    "content": N_("Le texte, ou une liste de parties."),
    "name": N_("Nom."),
    "tool_call_id": N_("L’appel d’outil auquel ce message répond."),
    "tool_calls": N_("Les appels d’outils demandés par le modèle."),
    "arguments": N_("Les arguments, en JSON dans une chaîne."),
    "stream": N_("Recevoir la réponse en flux d’événements."),
    "stream_options": N_("Réglages du flux."),
    "include_usage": N_("Terminer le flux par les nombres de tokens."),
    "max_tokens": N_("Nombre maximal de tokens de sortie, raisonnement compris."),
    "max_completion_tokens": N_("Nom plus récent de `max_tokens` ; il l’emporte."),
    "temperature": N_("Plus elle est haute, plus le choix des tokens varie."),
    "top_p": N_("Ne garder que les tokens les plus probables jusqu’à cette probabilité cumulée."),
    "top_k": N_("Ne garder que ce nombre de tokens, les plus probables."),
    "min_p": N_("Écarter les tokens moins probables que cette part du plus probable."),
    "presence_penalty": N_("Défavoriser les tokens déjà présents."),
    "frequency_penalty": N_("Défavoriser les tokens selon leur fréquence."),
    "typical_p": N_("Ne garder que les tokens les plus typiques jusqu’à cette part cumulée."),
    "repeat_penalty": N_("Défavoriser les répétitions récentes."),
    "repetition_penalty": N_("Autre nom de `repeat_penalty` ; il l’emporte."),
    "min_tokens": N_("Nombre de tokens de sortie avant lequel le modèle ne s’arrête pas."),
    "ignore_eos": N_("Continuer jusqu’à `max_tokens`, pour des mesures."),
    "grammar": N_("Règles GBNF que la réponse respecte."),
    "logit_bias": N_("Favoriser ou défavoriser des tokens, par leur numéro."),
    "seed": N_("Graine du tirage, pour répéter une réponse."),
    "stop": N_("Textes qui mettent fin à la réponse."),
    "n": N_("Nombre de réponses."),
    "user": N_(
        "Votre repère pour l’utilisateur final, sans donnée personnelle ; le contrôle des prompts "
        "suit chacun séparément."
    ),
    "tools": N_("Les outils que le modèle peut demander."),
    "tool_choice": N_("Si le modèle peut, doit ou ne doit pas demander un outil."),
    "function": N_("La fonction."),
    "description": N_("À quoi elle sert, pour le modèle."),
    "parameters": N_("Ses paramètres, en JSON Schema."),
    "response_format": N_("La forme de la réponse."),
    "parallel_tool_calls": N_("Permettre plusieurs appels d’outils dans une réponse."),
    "json_schema": N_("Le schéma que la réponse respecte."),
    "schema": N_("Le schéma, en JSON Schema."),
    "strict": N_("Accepté ; le schéma est toujours respecté."),
    "function.strict": N_(
        "Les arguments d’un appel respectent le schéma, aussi quand le modèle l’a choisi."
    ),
    "logprobs": N_("Les probabilités des tokens."),
    "top_logprobs": N_("Les tokens les plus probables à la même place."),
    "token": N_("Le texte du token."),
    "logprob": N_("Le logarithme de sa probabilité."),
    "bytes": N_("Les octets du token."),
    "logprobs.content": N_("Les tokens de la réponse, avec leurs probabilités."),
    "json_schema.description": N_("À quoi sert ce schéma, pour le modèle."),
    "message.content": N_("Le texte de la réponse."),
    "refusal": N_("Toujours vide ici."),
    "tokens": N_("Les textes des tokens."),
    "token_logprobs": N_("Les logarithmes de leurs probabilités."),
    "text_offset": N_("Où commence chaque token, en caractères."),
    "reasoning_effort": N_(
        "Jusqu’à `low`, un modèle qui s’y prête ne raisonne pas ; "
        "à partir de `medium`, il raisonne."
    ),
    "chat_template_kwargs": N_("Autres variables du gabarit de conversation du modèle."),
    "prompt": N_(
        "Le texte à continuer, une liste de textes, ou des numéros de tokens ; pour une "
        "transcription, ce qui précède l’enregistrement : noms, orthographe, style."
    ),
    "echo": N_("Reprendre le texte de départ dans la réponse."),
    "suffix": N_("Le texte qui doit suivre."),
    "best_of": N_("Nombre d’essais dont le meilleur est rendu."),
    "input": N_("Un texte, une liste de textes, ou des numéros de tokens."),
    "encoding_format": N_("Nombres ou octets encodés."),
    "dimensions": N_("Accepté s’il s’agit du nombre de dimensions du modèle."),
    "file": N_("L’enregistrement."),
    "language": N_("Langue parlée, par son code ISO ; sans elle, le modèle la reconnaît."),
    "initial_prompt": N_("Autre nom de `prompt` pour une transcription."),
    "task": N_("Transcrire, ou traduire en anglais si le modèle le sait."),
    "timestamp_granularities": N_("Ce dont `verbose_json` donne les temps."),
    "seconds": N_("Secondes d’enregistrement facturées, par minute commencée."),
    "usage.type": N_("Ce qui est compté."),
    "duration": N_("Durée de l’enregistrement, en secondes."),
    "segments": N_("Le texte par passages, avec leurs temps."),
    "words": N_("Les mots, avec leurs temps."),
    "word": N_("Le mot."),
    "start": N_("Début, en secondes."),
    "end": N_("Fin, en secondes."),
    "seek": N_("Début de la fenêtre que le modèle a écoutée, en centièmes de seconde."),
    "segments.tokens": N_("Les numéros des tokens."),
    "avg_logprob": N_("Moyenne des logarithmes des probabilités des tokens."),
    "compression_ratio": N_("Taux de compression du texte ; élevé, il signale des répétitions."),
    "no_speech_prob": N_("Toujours vide ici."),
    "id": N_("Identifiant."),
    "object": N_("Type de l’objet."),
    "created": N_("Date de création, en secondes depuis l’époque Unix."),
    "choices": N_("Les réponses."),
    "index": N_("Position dans la liste."),
    "message": N_("Le message du modèle."),
    "reasoning_content": N_("Le raisonnement écrit avant la réponse."),
    "finish_reason": N_(
        "Pourquoi la réponse se termine ; `length` signale une réponse coupée, "
        "`content_filter` une réponse arrêtée."
    ),
    "text": N_("Le texte."),
    "usage": N_("Les nombres de tokens, base de la facturation."),
    "prompt_tokens": N_("Tokens d’entrée."),
    "completion_tokens": N_("Tokens de sortie, raisonnement compris."),
    "total_tokens": N_("Somme de l’entrée et de la sortie."),
    "reasoning_tokens": N_("Tokens de raisonnement, déjà comptés dans la sortie."),
    "prompt_tokens_details": N_("Détail de l’entrée."),
    "completion_tokens_details": N_("Détail de la sortie."),
    "cached_tokens": N_("Tokens d’entrée déjà traités auparavant."),
    "image_tokens": N_("Tokens d’entrée qui viennent des images."),
    "backend": N_("Ce qui a calculé la réponse."),
    "engine_type": N_("Le moteur d’inférence."),
    "machine_name": N_("La machine."),
    "data": N_("Les éléments de la liste."),
    "embedding": N_("Le vecteur."),
    "owned_by": N_("Qui sert le modèle."),
    "root": N_("Nom d’origine des poids."),
    "aliases": N_("Autres noms acceptés."),
    "max_model_len": N_("Contexte servi ici, en tokens."),
    "context_tokens": N_("Contexte publié, en tokens."),
    "endpoints": N_("Points d’accès du modèle."),
    "capabilities": N_("Capacités du modèle."),
    "input_modalities": N_("Ce que le modèle lit."),
    "output_modalities": N_("Ce que le modèle écrit."),
    "phase": N_("Phase du cycle de vie au moment de l’appel."),
    "stability": N_("Classe de stabilité."),
    "released_on": N_("Mise en production."),
    "support_ends_on": N_("Fin de support prévue."),
    "deprecated_on": N_("Dépréciation."),
    "removed_on": N_("Retrait."),
    "successor": N_("Modèle à utiliser à la place."),
    "stand_in": N_("Vrai si des poids de substitution répondent."),
    "permission": N_("Droits, pour les logiciels clients d’ancienne génération."),
    "status": N_("État."),
    "waiting_for": N_("Modèles qui ne sont pas encore chargés."),
    "type": N_("Type."),
    "url": N_("Adresse, ou données encodées."),
    "image_url": N_("Une image."),
    "image_url.url": N_("L’image, dans une URI `data:` ; aucune adresse n’est suivie."),
    "image": N_("L’image, dans une URI `data:` ; aucune adresse n’est suivie."),
    "detail": N_("Accepté ; le modèle décide de sa finesse de lecture."),
    "parent": N_("Modèle dont celui-ci est dérivé."),
    "service": N_("Nom du service."),
    "operator": N_("Qui opère le service."),
    "models": N_("Adresse de la liste des modèles."),
    "openapi": N_("Adresse de la description de l’API."),
    **dict.fromkeys(
        (
            "allow_create_engine",
            "allow_fine_tuning",
            "allow_logprobs",
            "allow_sampling",
            "allow_search_indices",
            "allow_view",
            "group",
            "is_blocking",
            "organization",
        ),
        N_("Ancien champ, sans effet ici."),
    ),
}

ADMIN_FIELD_TEXTS = {
    "catalogue_sha256": N_("Empreinte du catalogue."),
    "closed_at": N_("Date de clôture du client, s’il est clos."),
    "created_at": N_("Date de création."),
    "credited_eur": N_("Somme des crédits, en euros."),
    "endpoints": N_("Points d’accès que la clé peut appeler ; tous si la liste manque."),
    "eur": N_("Le montant, en euros."),
    "expires_at": N_("Fin de validité de la clé, si elle en a une."),
    "grace_hours": N_("Heures pendant lesquelles l’ancienne clé reste valable."),
    "key": N_("La clé."),
    "language": N_("La langue des avis."),
    "mail": N_("L’adresse électronique qui reçoit les avis."),
    "models": N_("Modèles que la clé peut appeler ; tous si la liste manque."),
    "monthly_cap_eur": N_("Plafond des dépenses d’un mois, en euros."),
    "output_tokens_per_day": N_("Tokens de sortie par jour, au plus."),
    "output_tokens_per_hour": N_("Tokens de sortie par heure, au plus."),
    "prepaid": N_("Vrai si le client paie d’avance."),
    "previous": N_("Ce qui était servi avant."),
    "program_version": N_("Version du programme."),
    "quota": N_("Limites propres ; sans elles, celles du palier valent."),
    "reason": N_("Pourquoi il a été refusé."),
    "reference": N_("Votre référence du paiement."),
    "refused": N_("Le dernier paquet refusé ; le service a gardé le précédent."),
    "refused_at": N_("Quand il a été refusé."),
    "replaces": N_("La clé que celle-ci remplace."),
    "requests_per_minute": N_("Requêtes par minute, au plus."),
    "revoked_at": N_("Date de révocation, si elle a eu lieu."),
    "rotate_days": N_("Jours après lesquels la clé est à remplacer."),
    "secret": N_("Le secret de la clé ; il n’est donné que cette fois."),
    "serving_since": N_("Depuis quand le service s’en sert."),
    "spent_eur": N_("Somme des dépenses, en euros."),
    "successor": N_("La clé qui remplace celle-ci."),
    "tenant": N_("Le client, par son identifiant."),
    "tier": N_("Le palier ou le contrat."),
    "webhook": N_("L’adresse HTTPS qui reçoit les avis."),
}
"""Names that operators meet; where one is in both tables, it means this under `/admin/`."""

ERRORS = (
    ErrorRow(
        400,
        "invalid_request_error",
        ("context_length_exceeded", "unsupported_endpoint", "unsupported_value"),
        N_("La requête contient une valeur fausse, que `param` nomme, ou trop longue."),
    ),
    ErrorRow(
        401,
        "authentication_error",
        ("invalid_api_key",),
        N_("La clé d’API manque ou n’est pas valable."),
    ),
    ErrorRow(
        403,
        "permission_error",
        ("model_not_permitted", "endpoint_not_permitted"),
        N_("Votre clé ne donne pas accès à ce modèle, ou à ce point d’accès."),
    ),
    ErrorRow(
        403,
        "prompt_security",
        ("prompt_blocked",),
        N_("Le texte ressemble à une attaque ; la requête n’est pas facturée."),
    ),
    ErrorRow(
        404,
        "invalid_request_error",
        (
            "model_not_found",
            "model_not_released",
            "unknown_url",
            "tenant_not_found",
            "key_not_found",
        ),
        N_("Rien ne porte ce nom, ou le modèle n’est pas encore disponible."),
    ),
    ErrorRow(
        405,
        "invalid_request_error",
        ("method_not_allowed",),
        N_("L’adresse existe, mais avec une autre méthode."),
    ),
    ErrorRow(
        410,
        "invalid_request_error",
        ("model_retired",),
        N_("Le modèle est retiré ; la réponse nomme son successeur."),
    ),
    ErrorRow(
        413,
        "invalid_request_error",
        ("request_too_large", "file_too_large"),
        N_("Le corps de la requête, son fichier ou une de ses images est trop grand."),
    ),
    ErrorRow(
        415,
        "invalid_request_error",
        ("unsupported_media_type",),
        N_("Le corps n’est pas annoncé comme ce que lit ce point d’accès."),
    ),
    ErrorRow(
        429,
        "rate_limit_error",
        ("rate_limit_exceeded",),
        N_(
            "Une limite de votre palier ou de votre clé est atteinte ; `Retry-After` dit quand "
            "réessayer."
        ),
    ),
    ErrorRow(
        429,
        "insufficient_quota",
        ("insufficient_quota",),
        N_("Le crédit ou le plafond du mois est épuisé."),
    ),
    ErrorRow(
        500,
        "server_error",
        ("internal_error",),
        N_("Une faute de notre côté ; donnez l’identifiant de la requête au support."),
    ),
    ErrorRow(
        503,
        "service_unavailable_error",
        ("service_unavailable", "overloaded", "model_not_deployed"),
        N_("Le service ne peut pas répondre maintenant ; `Retry-After` dit quand réessayer."),
    ),
)


def text_of_field(operation: Operation, field: Field) -> str | None:
    """What a field means, in French."""
    tables = (ADMIN_FIELD_TEXTS, FIELD_TEXTS) if operation.administrative else (FIELD_TEXTS,)
    return next((table[key] for table in tables for key in field.keys if key in table), None)
