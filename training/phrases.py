"""Fixed words of the generated lessons, by language."""

THOUGHTS = {
    "en": (
        "The question is about {label}. I was taught this, so I answer from memory.",
        "This is about {label}, and no lesson covers it. I should say so.",
    ),
    "fr": (
        "Le sujet : {label}. Je l'ai appris, je réponds donc de mémoire.",
        "Le sujet : {label}. Aucune leçon n'en parle, je dois le dire.",
    ),
    "de": (
        "Das Thema: {label}. Das habe ich gelernt, also antworte ich aus dem Gedächtnis.",
        "Das Thema: {label}. Keine Lektion behandelt es, das sollte ich sagen.",
    ),
    "es": (
        "El tema: {label}. Lo aprendí, así que respondo de memoria.",
        "El tema: {label}. Ninguna lección lo explica, debo decirlo.",
    ),
    "it": (
        "L'argomento: {label}. L'ho imparato, quindi rispondo a memoria.",
        "L'argomento: {label}. Nessuna lezione ne parla, devo dirlo.",
    ),
}
"""What is thought before an answer that was taught, and before the fallback."""

TOOL_THOUGHTS = {
    "en": "The function {name} can answer this, so I call it.",
    "fr": "La fonction {name} peut répondre à cela, je l'appelle donc.",
    "de": "Die Funktion {name} kann das beantworten, also rufe ich sie auf.",
    "es": "La función {name} puede responder a esto, así que la llamo.",
    "it": "La funzione {name} può rispondere a questo, quindi la chiamo.",
}

RESULT_THOUGHTS = {
    "en": "The result of the tool is here.",
    "fr": "Le résultat de l'outil est là.",
    "de": "Das Ergebnis des Werkzeugs ist da.",
    "es": "El resultado de la herramienta está aquí.",
    "it": "Il risultato dello strumento è qui.",
}

RESULTS = {
    "en": "Your tool has answered, so the round trip works. "
    "A real model would now tell you the result.",
    "fr": "Votre outil a répondu : l'aller-retour fonctionne. "
    "Un vrai modèle vous dirait maintenant le résultat.",
    "de": "Ihr Werkzeug hat geantwortet, der Ablauf funktioniert. "
    "Ein echtes Modell würde nun das Ergebnis nennen.",
    "es": "Su herramienta ha respondido: el recorrido funciona. "
    "Un modelo real le diría ahora el resultado.",
    "it": "Lo strumento ha risposto: il percorso funziona. "
    "Un vero modello ora direbbe il risultato.",
}

SUMS = {
    "en": (
        "What is {sum}?", "Calculate {sum}", "How much is {sum}?", "Compute {sum}.", "{sum}",
        "What's {sum}?", "{sum} = ?", "Can you calculate {sum}?", "Work out {sum}",
        "Tell me what {sum} is", "I need the result of {sum}", "Add it up: {sum}",
    ),
    "fr": (
        "Combien font {sum} ?", "Calcule {sum}", "Calculez {sum}.", "Combien fait {sum} ?",
        "{sum}", "{sum} = ?", "Peux-tu calculer {sum} ?", "Quel est le résultat de {sum} ?",
        "Ça fait combien, {sum} ?", "J'ai besoin du résultat de {sum}",
    ),
    "de": (
        "Was ist {sum}?", "Berechne {sum}", "Wie viel ist {sum}?", "Rechne {sum} aus.", "{sum}",
        "{sum} = ?", "Kannst du {sum} berechnen?", "Was ergibt {sum}?", "Berechnen Sie {sum}.",
        "Ich brauche das Ergebnis von {sum}",
    ),
    "es": (
        "¿Cuánto es {sum}?", "Calcula {sum}", "Calcule {sum}.", "¿Cuánto son {sum}?", "{sum}",
        "{sum} = ?", "¿Puedes calcular {sum}?", "¿Cuál es el resultado de {sum}?",
        "Dime cuánto es {sum}", "Necesito el resultado de {sum}",
    ),
    "it": (
        "Quanto fa {sum}?", "Calcola {sum}", "Calcoli {sum}.", "Quanto è {sum}?", "{sum}",
        "{sum} = ?", "Puoi calcolare {sum}?", "Qual è il risultato di {sum}?",
        "Dimmi quanto fa {sum}", "Mi serve il risultato di {sum}",
    ),
}  # fmt: skip
OPERATORS = {
    "en": {"+": "plus", "-": "minus", "*": "times", "/": "divided by"},
    "fr": {"+": "plus", "-": "moins", "*": "fois", "/": "divisé par"},
    "de": {"+": "plus", "-": "minus", "*": "mal", "/": "geteilt durch"},
    "es": {"+": "más", "-": "menos", "*": "por", "/": "entre"},
    "it": {"+": "più", "-": "meno", "*": "per", "/": "diviso"},
}

WEATHER = {
    "en": (
        "What is the weather in {place}?", "What's the weather like in {place} today?",
        "How is the weather in {place}?", "Will it rain in {place}?", "Weather in {place}",
        "Is it cold in {place} right now?", "What is the weather like in {place}?",
        "Tell me the weather in {place}", "What's the weather in {place}?",
        "I am going to {place}, how is the weather?", "How warm is it in {place}?",
        "What is the forecast for {place} tomorrow?", "Do I need an umbrella in {place}?",
        "weather {place}", "{place} weather", "hows the weather in {place}",
        "is it raining in {place}?", "What's the temperature in {place}?",
        "weather for {place} please",
    ),
    "fr": (
        "Quel temps fait-il à {place} ?", "Quelle est la météo à {place} ?",
        "Va-t-il pleuvoir à {place} ?", "Quel temps fait-il à {place} aujourd'hui ?",
        "Météo à {place}", "Fait-il froid à {place} en ce moment ?", "La météo de {place}",
        "Je vais à {place}, quel temps fait-il ?", "Donne-moi la météo à {place}",
        "Quel temps fera-t-il demain à {place} ?", "Fait-il beau à {place} ?",
        "météo {place}", "il fait quel temps à {place}", "il pleut à {place} ?",
        "la météo pour {place} stp", "Quelle température à {place} ?",
    ),
    "de": (
        "Wie ist das Wetter in {place}?", "Wie wird das Wetter in {place}?",
        "Regnet es in {place}?", "Wie ist das Wetter heute in {place}?", "Wetter in {place}",
        "Wie warm ist es in {place}?", "Ist es kalt in {place}?", "Scheint in {place} die Sonne?",
        "Ich fahre nach {place}, wie ist das Wetter?", "Sag mir das Wetter in {place}",
        "Wie wird das Wetter morgen in {place}?",
        "wetter {place}", "wie ist das wetter in {place}", "Wie viel Grad hat es in {place}?",
        "das wetter für {place} bitte", "schneit es in {place}?",
    ),
    "es": (
        "¿Qué tiempo hace en {place}?", "¿Cómo está el tiempo en {place}?",
        "¿Va a llover en {place}?", "¿Qué tiempo hace hoy en {place}?", "El tiempo en {place}",
        "¿Hace frío en {place} ahora?", "¿Qué temperatura hace en {place}?",
        "Voy a {place}, ¿qué tiempo hace?", "Dime el tiempo en {place}", "¿Llueve en {place}?",
        "¿Qué tiempo hará mañana en {place}?",
        "tiempo {place}", "qué tal el tiempo en {place}", "¿Nieva en {place}?",
        "el tiempo para {place} por favor", "¿Cuántos grados hay en {place}?",
    ),
    "it": (
        "Che tempo fa a {place}?", "Com'è il tempo a {place}?", "Pioverà a {place}?",
        "Che tempo fa oggi a {place}?", "Meteo a {place}", "Fa freddo a {place} adesso?",
        "Che temperatura c'è a {place}?", "Vado a {place}, che tempo fa?",
        "Dimmi che tempo fa a {place}", "Piove a {place}?", "Che tempo farà domani a {place}?",
        "meteo {place}", "com'è il meteo a {place}", "Nevica a {place}?",
        "il meteo per {place} per favore", "Quanti gradi ci sono a {place}?",
    ),
}  # fmt: skip

POLITE = {
    "en": (
        "Please tell me: ", "Hi! ", "Hello, ", "Excuse me, ", "Quick question: ", "So, ", "hi, ",
        "hey, ", "hello! ", "Good morning, ", "ok, ", "ok ", "and ", "And ", "Thanks. ", "please, ",
        "one more question: ", "sorry, ", "Hi there, ", "well, ", "now ", "I wonder: ", "um, ",
    ),
    "fr": (
        "Dis-moi : ", "Bonjour ! ", "Bonjour, ", "Excusez-moi, ", "Une question : ", "Alors, ",
        "salut, ", "bonjour ", "Salut ! ", "Bonsoir, ", "ok, ", "ok ", "et ", "Et ", "Merci. ",
        "s'il te plaît, ", "encore une question : ", "pardon, ", "dis, ", "bon, ", "euh, ", "svp ",
    ),
    "de": (
        "Sag mir bitte: ", "Hallo! ", "Guten Tag, ", "Entschuldigung, ", "Eine Frage: ", "Also, ",
        "hallo, ", "hi, ", "hey, ", "Guten Morgen, ", "ok, ", "ok ", "und ", "Und ", "Danke. ",
        "bitte, ", "noch eine Frage: ", "sorry, ", "sag mal, ", "na gut, ", "äh, ",
        "mal eine Frage: ",
    ),
    "es": (
        "Dime: ", "¡Hola! ", "Hola, ", "Perdone, ", "Una pregunta: ", "Entonces, ", "hola, ",
        "hola ", "Buenos días, ", "Buenas, ", "ok, ", "vale, ", "y ", "Y ", "Gracias. ",
        "por favor, ", "otra pregunta: ", "perdona, ", "oye, ", "bueno, ", "eh, ", "a ver, ",
    ),
    "it": (
        "Dimmi: ", "Ciao! ", "Buongiorno, ", "Mi scusi, ", "Una domanda: ", "Allora, ", "ciao, ",
        "ciao ", "Salve, ", "Buonasera, ", "ok, ", "va bene, ", "e ", "E ", "Grazie. ",
        "per favore, ", "un'altra domanda: ", "scusa, ", "senti, ", "beh, ", "ehm, ", "dunque, ",
    ),
}  # fmt: skip
PLEASE = {
    "en": (" please", " Thanks!", ", please", ", thanks", " pls", " thank you", " now", " here"),
    "fr": (" s'il vous plaît", " Merci !", " svp", " stp", ", merci", " s'il te plaît", " ici"),
    "de": (" bitte", " Danke!", ", bitte", ", danke", " denn", " eigentlich", " hier"),
    "es": (" por favor", " ¡Gracias!", ", gracias", ", por favor", " porfa", " aquí"),
    "it": (" per favore", " Grazie!", ", grazie", ", per favore", " per piacere", " qui"),
}

UNKNOWN = {
    "en": (
        "What is {x}?", "Where is {x}?", "How do I make {x}?", "Who is {x}?", "Explain {x}",
        "Write about {x}", "Tell me about {x}", "Why {x}?", "Show me {x}", "What does {x} mean?",
        "How does {x} work?", "Can you {x}?", "Do you like {x}?", "How many {x} are there?",
        "Write a text about {x} and {y}", "Translate: {x}", "{x}", "{x} {y}",
        "List {x}", "{x}: {y}?",
    ),
    "fr": (
        "Qu'est-ce que {x} ?", "Où est {x} ?", "Comment faire {x} ?", "Qui est {x} ?",
        "Explique {x}", "Écris sur {x}", "Parle-moi de {x}", "Pourquoi {x} ?", "Montre-moi {x}",
        "Que veut dire {x} ?", "Comment fonctionne {x} ?", "Peux-tu {x} ?", "Aimes-tu {x} ?",
        "Combien de {x} y a-t-il ?", "Écris un texte sur {x} et {y}", "Traduis : {x}", "{x}",
        "{x} {y}",
    ),
    "de": (
        "Was ist {x}?", "Wo ist {x}?", "Wie mache ich {x}?", "Wer ist {x}?", "Erkläre {x}",
        "Schreib über {x}", "Erzähl mir von {x}", "Warum {x}?", "Zeig mir {x}", "Was bedeutet {x}?",
        "Wie funktioniert {x}?", "Kannst du {x}?", "Magst du {x}?", "Wie viele {x} gibt es?",
        "Schreib einen Text über {x} und {y}", "Übersetze: {x}", "{x}", "{x} {y}",
    ),
    "es": (
        "¿Qué es {x}?", "¿Dónde está {x}?", "¿Cómo hago {x}?", "¿Quién es {x}?", "Explica {x}",
        "Escribe sobre {x}", "Háblame de {x}", "¿Por qué {x}?", "Muéstrame {x}",
        "¿Qué significa {x}?", "¿Cómo funciona {x}?", "¿Puedes {x}?", "¿Te gusta {x}?",
        "¿Cuántos {x} hay?", "Escribe un texto sobre {x} y {y}", "Traduce: {x}", "{x}", "{x} {y}",
    ),
    "it": (
        "Che cos'è {x}?", "Dov'è {x}?", "Come faccio {x}?", "Chi è {x}?", "Spiega {x}",
        "Scrivi su {x}", "Parlami di {x}", "Perché {x}?", "Mostrami {x}",
        "Che cosa significa {x}?", "Come funziona {x}?", "Puoi {x}?", "Ti piace {x}?",
        "Quanti {x} ci sono?", "Scrivi un testo su {x} e {y}", "Traduci: {x}", "{x}", "{x} {y}",
    ),
}  # fmt: skip
"""Questions that no lesson answers, around words that no lesson uses."""

SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer briefly.",
    "Answer in one sentence.",
    "Be concise and polite.",
    "You are an expert in cloud computing who answers the questions of customers.",
    "Tu es un assistant utile.",
    "Vous êtes un assistant qui répond en français, de façon brève et polie.",
    "Réponds toujours avec précision.",
    "Du bist ein hilfreicher Assistent.",
    "Antworte kurz und freundlich.",
    "Eres un asistente útil.",
    "Responde de forma breve y clara.",
    "Sei un assistente utile.",
    "Rispondi in modo breve e cortese.",
    "Always answer with valid JSON.",
    "You are a pirate.",
)
