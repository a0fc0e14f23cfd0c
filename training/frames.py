"""Ways to ask about a thing or for a doing, by language: `{n}` is a noun, `{v}` an infinitive."""

import random
import re

NOUN_FRAMES = {
    "en": (
        "What is {n}?", "What are {n}?", "What's {n}?", "Explain {n}", "Please explain {n}",
        "Can you explain {n}?", "Explain {n} to me", "Tell me about {n}", "What about {n}?",
        "Tell me more about {n}", "Can you tell me about {n}?", "What does {n} mean?",
        "What is the meaning of {n}?", "How does {n} work?", "How do {n} work?", "{n}", "{n}?",
        "Describe {n}", "What do you know about {n}?", "I have a question about {n}",
        "I would like to know more about {n}", "I do not understand {n}", "Where is {n}?",
        "Where can I find {n}?", "Where do I find {n}?", "What is {n} for?", "Show me {n}",
        "Give me an example of {n}", "Information about {n}", "What does {n} do?",
        "What are the {n}?", "Help me with {n}", "Is there {n}?", "Do you know {n}?",
        "whats {n}", "what's {n} exactly", "tell me something about {n}",
        "could you explain {n} to me", "i want to know about {n}", "how do {n} work here",
        "need info about {n}", "i need help with {n}", "{n} please", "what is this {n}",
        "do you have {n}", "about {n}",
    ),
    "fr": (
        "Qu'est-ce que {n} ?", "C'est quoi, {n} ?", "C'est quoi {n} ?", "Explique {n}",
        "Explique-moi {n}", "Expliquez-moi {n}", "Expliquez {n}", "Peux-tu m'expliquer {n} ?",
        "Pouvez-vous expliquer {n} ?", "Parle-moi de {n}", "Parlez-moi de {n}", "Et {n} ?",
        "Dis-m'en plus sur {n}", "Que veut dire {n} ?", "Que signifie {n} ?", "{n}", "{n} ?",
        "Comment fonctionne {n} ?", "Comment fonctionnent {n} ?", "Décris {n}", "À quoi sert {n} ?",
        "Que sais-tu de {n} ?", "J'ai une question sur {n}", "J'aimerais en savoir plus sur {n}",
        "Je ne comprends pas {n}", "Où est {n} ?", "Où trouver {n} ?", "Où se trouve {n} ?",
        "Montre-moi {n}", "Montrez-moi {n}", "Des informations sur {n}", "Que fait {n} ?",
        "Quel est {n} ?", "Quels sont {n} ?", "Que sont {n} ?", "Aide-moi avec {n}",
        "c'est quoi {n} exactement", "dis-moi quelque chose sur {n}", "tu peux m'expliquer {n}",
        "je veux savoir {n}", "ça marche comment, {n}", "il me faut des infos sur {n}",
        "besoin d'aide : {n}", "{n} s'il te plaît", "{n} svp", "c'est quoi au juste {n}",
        "où je trouve {n}", "à propos de {n}",
    ),
    "de": (
        "Was ist {n}?", "Was sind {n}?", "Erkläre {n}", "Erklär mir {n}", "Erklären Sie {n}",
        "Erklären Sie mir {n}", "Erkläre mir bitte {n}", "Kannst du mir {n} erklären?",
        "Können Sie {n} erklären?", "Erzähl mir etwas: {n}", "Was bedeutet {n}?", "Was heißt {n}?",
        "Wie funktioniert {n}?", "Wie funktionieren {n}?", "{n}", "{n}?", "Beschreibe {n}",
        "Was weißt du über {n}?", "Eine Frage zum Thema: {n}", "Ich möchte mehr wissen: {n}",
        "Ich verstehe nicht, was {n} ist", "Wo ist {n}?", "Wo finde ich {n}?", "Wo sind {n}?",
        "Wozu dient {n}?", "Wofür ist {n}?", "Zeig mir {n}", "Zeigen Sie mir {n}", "Infos: {n}",
        "Was macht {n}?", "Was tut {n}?", "Gibt es {n}?", "Hilf mir: {n}", "Und {n}?",
        "was ist {n} genau", "was ist denn {n}", "sag mir etwas über {n}", "kannst du {n} erklären",
        "ich will wissen, was {n} ist", "wie geht {n}", "brauche infos zu {n}",
        "ich brauche hilfe: {n}", "{n} bitte", "habt ihr {n}", "was hat es mit {n} auf sich",
        "wo bekomme ich {n}",
    ),
    "es": (
        "¿Qué es {n}?", "¿Qué son {n}?", "Explica {n}", "Explícame {n}", "Explíqueme {n}",
        "Por favor, explica {n}", "¿Puedes explicarme {n}?", "¿Puede explicar {n}?",
        "Háblame de {n}", "Cuéntame más sobre {n}", "¿Qué significa {n}?", "¿Qué quiere decir {n}?",
        "¿Cómo funciona {n}?", "¿Cómo funcionan {n}?", "{n}", "¿{n}?", "¿Y {n}?", "Describe {n}",
        "¿Qué sabes de {n}?", "Tengo una pregunta sobre {n}", "Quisiera saber más sobre {n}",
        "No entiendo {n}", "¿Dónde está {n}?", "¿Dónde encuentro {n}?", "¿Dónde están {n}?",
        "¿Para qué sirve {n}?", "Muéstrame {n}", "Muéstreme {n}", "Información sobre {n}",
        "¿Qué hace {n}?", "¿Cuál es {n}?", "¿Cuáles son {n}?", "Ayúdame con {n}", "¿Hay {n}?",
        "qué es {n} exactamente", "dime algo sobre {n}", "me puedes explicar {n}",
        "quiero saber sobre {n}", "cómo va {n}", "necesito información sobre {n}",
        "necesito ayuda con {n}", "{n} por favor", "qué es eso de {n}", "dónde consigo {n}",
        "tenéis {n}", "sobre {n}",
    ),
    "it": (
        "Che cos'è {n}?", "Cos'è {n}?", "Che cosa sono {n}?", "Cosa sono {n}?", "Spiega {n}",
        "Spiegami {n}", "Mi spieghi {n}", "Per favore, spiega {n}", "Puoi spiegarmi {n}?",
        "Può spiegare {n}?", "Parlami di {n}", "Dimmi di più su {n}", "Che cosa significa {n}?",
        "Cosa vuol dire {n}?", "Come funziona {n}?", "Come funzionano {n}?", "{n}", "{n}?",
        "E {n}?",
        "Descrivi {n}", "Che cosa sai di {n}?", "Ho una domanda su {n}",
        "Vorrei saperne di più su {n}",
        "Non capisco {n}", "Dov'è {n}?", "Dove trovo {n}?", "Dove sono {n}?", "A che serve {n}?",
        "A che cosa serve {n}?", "Mostrami {n}", "Mi mostri {n}", "Informazioni su {n}",
        "Che cosa fa {n}?", "Qual è {n}?", "Quali sono {n}?", "Aiutami con {n}",
        "cos'è {n} esattamente", "dimmi qualcosa su {n}", "mi puoi spiegare {n}",
        "voglio sapere {n}", "come va {n}", "mi servono informazioni su {n}",
        "mi serve aiuto con {n}", "{n} per favore", "cos'è questa cosa: {n}", "dove prendo {n}",
        "avete {n}", "a proposito di {n}",
    ),
}  # fmt: skip
VERB_FRAMES = {
    "en": (
        "How do I {v}?", "How can I {v}?", "How could I {v}?", "How to {v}?", "How do you {v}?",
        "How can one {v}?", "How would I {v}?", "Can I {v}?", "Could I {v}?", "May I {v}?",
        "Is it possible to {v}?", "I want to {v}", "I would like to {v}", "I need to {v}",
        "I'd like to {v}", "I am trying to {v}", "I do not know how to {v}", "Help me {v}",
        "Show me how to {v}", "Tell me how to {v}", "Explain how to {v}", "Please help me to {v}",
        "Can you explain how to {v}?", "Can you show me how to {v}?", "Where do I {v}?",
        "Where can I {v}?", "What must I do to {v}?", "What do I need to {v}?", "{v}",
        "What is the best way to {v}?", "How does one {v}?", "Why can't I {v}?", "Can you {v}?",
        "how can you {v}", "how do you {v} here", "could you tell me how to {v}",
        "can you help me {v}", "is there a way to {v}", "what's the way to {v}", "i wanna {v}",
        "any idea how to {v}", "how exactly do i {v}", "do you know how to {v}",
        "what do i do to {v}",
    ),
    "fr": (
        "Comment {v} ?", "Comment puis-je {v} ?", "Comment peut-on {v} ?",
        "Comment faire pour {v} ?",
        "Comment dois-je faire pour {v} ?", "Comment est-ce que je peux {v} ?", "Puis-je {v} ?",
        "Peut-on {v} ?", "Est-il possible de {v} ?", "Est-ce que je peux {v} ?", "Je veux {v}",
        "Je voudrais {v}", "J'aimerais {v}", "Je dois {v}", "J'essaie de {v}",
        "Je ne sais pas comment {v}", "Aide-moi à {v}", "Aidez-moi à {v}", "Montre-moi comment {v}",
        "Montrez-moi comment {v}", "Dis-moi comment {v}", "Explique-moi comment {v}",
        "Expliquez comment {v}", "Peux-tu m'expliquer comment {v} ?", "Où puis-je {v} ?",
        "Où {v} ?",
        "Que faut-il pour {v} ?", "Que dois-je faire pour {v} ?", "{v}",
        "Quelle est la meilleure façon de {v} ?", "Pouvez-vous m'aider à {v} ?", "Peux-tu {v} ?",
        "comment on fait pour {v}", "tu peux me dire comment {v}", "tu peux m'aider à {v}",
        "il y a un moyen de {v}", "j'ai envie de {v}", "c'est possible de {v}", "on peut {v}",
        "comment je fais pour {v}", "tu sais comment {v}", "je cherche à {v}",
        "je dois faire quoi pour {v}",
    ),
    "de": (
        "Wie kann ich {v}?", "Wie kann man {v}?", "Wie könnte ich {v}?", "Wie soll ich {v}?",
        "Kann ich {v}?", "Kann man {v}?", "Könnte ich {v}?", "Darf ich {v}?", "Ich möchte {v}",
        "Ich will {v}", "Ich würde gern {v}", "Ich muss {v}", "Zeig mir, wie ich {v} kann",
        "Zeigen Sie mir, wie ich {v} kann", "Sag mir, wie ich {v} kann", "Wo kann ich {v}?",
        "Erkläre mir, wie ich {v} kann", "Erklären Sie, wie man {v} kann",
        "Ich weiß nicht, wie ich {v} soll", "Was muss ich tun? Ich möchte {v}", "{v}",
        "Hilf mir, ich möchte {v}", "Ist es möglich: {v}?", "Wie muss ich vorgehen? Ich will {v}",
        "Womit kann ich {v}?", "Kannst du {v}?", "Wie geht das: {v}?", "Wie kann ich bitte {v}?",
        "wie kann man hier {v}", "kannst du mir sagen, wie ich {v} kann",
        "kannst du mir helfen? ich will {v}", "gibt es einen weg, wie ich {v} kann",
        "ich hätte gern gewusst, wie ich {v} kann", "wie genau kann ich {v}",
        "weißt du, wie man {v} kann", "was muss ich tun, um das zu schaffen: {v}",
        "ich versuche zu verstehen, wie ich {v} kann", "lässt sich das machen: {v}",
    ),
    "es": (
        "¿Cómo {v}?", "¿Cómo puedo {v}?", "¿Cómo se puede {v}?", "¿Cómo podría {v}?",
        "¿Cómo hago para {v}?", "¿Puedo {v}?", "¿Podría {v}?", "¿Se puede {v}?", "¿Es posible {v}?",
        "Quiero {v}", "Quisiera {v}", "Me gustaría {v}", "Necesito {v}", "Tengo que {v}",
        "No sé cómo {v}", "Intento {v}", "Ayúdame a {v}", "Ayúdeme a {v}", "Muéstrame cómo {v}",
        "Muéstreme cómo {v}", "Dime cómo {v}", "Explica cómo {v}", "Explícame cómo {v}",
        "¿Puedes explicarme cómo {v}?", "¿Dónde puedo {v}?", "¿Qué hace falta para {v}?",
        "¿Qué tengo que hacer para {v}?", "{v}", "¿Cuál es la mejor forma de {v}?", "¿Puedes {v}?",
        "cómo se hace para {v}", "me puedes decir cómo {v}", "puedes ayudarme a {v}",
        "hay forma de {v}", "quería {v}", "es posible {v} aquí", "cómo hago yo para {v}",
        "sabes cómo {v}", "intento {v} y no sé cómo", "qué hago para {v}", "busco cómo {v}",
    ),
    "it": (
        "Come {v}?", "Come posso {v}?", "Come si può {v}?", "Come potrei {v}?",
        "Come faccio a {v}?",
        "Come si fa a {v}?", "Posso {v}?", "Potrei {v}?", "Si può {v}?", "È possibile {v}?",
        "Voglio {v}", "Vorrei {v}", "Mi piacerebbe {v}", "Devo {v}", "Non so come {v}",
        "Sto cercando di {v}", "Aiutami a {v}", "Mi aiuti a {v}", "Mostrami come {v}",
        "Mi mostri come {v}", "Dimmi come {v}", "Spiega come {v}", "Spiegami come {v}",
        "Puoi spiegarmi come {v}?", "Dove posso {v}?", "Che cosa serve per {v}?",
        "Che cosa devo fare per {v}?", "{v}", "Qual è il modo migliore per {v}?", "Puoi {v}?",
        "come si fa per {v}", "mi puoi dire come {v}", "puoi aiutarmi a {v}", "c'è un modo per {v}",
        "avrei bisogno di {v}", "si può {v} qui", "come faccio io a {v}", "sai come {v}",
        "cerco di {v} e non so come", "cosa faccio per {v}", "cerco il modo di {v}",
    ),
}  # fmt: skip
CONTRACTIONS = {
    "en": (),
    "fr": (
        (r"\bde les\b", "des"), (r"\bde le\b", "du"), (r"\bà les\b", "aux"), (r"\bà le\b", "au"),
        (r"\b[Qq]ue ([aeiouh])", r"Qu'\1"), (r"\bde ([aeéiou])", r"d'\1"),
    ),
    "de": (),
    "es": ((r"\bde el\b", "del"), (r"\ba el\b", "al")),
    "it": (
        (r"\bdi il\b", "del"), (r"\bdi lo\b", "dello"), (r"\bdi la\b", "della"),
        (r"\bdi i\b", "dei"), (r"\bdi gli\b", "degli"), (r"\bdi le\b", "delle"),
        (r"\bdi l'", "dell'"), (r"\bsu il\b", "sul"), (r"\bsu lo\b", "sullo"),
        (r"\bsu la\b", "sulla"), (r"\bsu i\b", "sui"), (r"\bsu gli\b", "sugli"),
        (r"\bsu le\b", "sulle"), (r"\bsu l'", "sull'"),
    ),
}  # fmt: skip


def framed(
    rng: random.Random, language: str, nouns: tuple[str, ...], verbs: tuple[str, ...]
) -> str:
    """A question about one of the nouns, or how to do one of the doings."""
    if verbs and (not nouns or rng.random() < 0.55):
        question = rng.choice(VERB_FRAMES[language]).format(v=rng.choice(verbs))
    else:
        question = rng.choice(NOUN_FRAMES[language]).format(n=rng.choice(nouns))
    for pattern, contracted in CONTRACTIONS[language]:
        question = re.sub(pattern, contracted, question)
    return question[0].upper() + question[1:]
