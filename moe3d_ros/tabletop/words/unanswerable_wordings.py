"""Questions that no look at the table answers: about other matters, about what cannot be seen, in other languages; held-out ones apart.

{a} is a thing that is there, {t} one that never is, {c} a colour in the words of the language.
"""

from __future__ import annotations

from moe3d_ros.tabletop.words import everyday_wordings as everyday

# About anything but the table, and what is no question at all.
UNRELATED = (
    "what is the weather like today?", "what time is it?", "what is the capital of France?", "who are you?", "who made you?",
    "how old are you?", "what is your name?", "how are you?", "what is two plus two?", "how many days are in a week?",
    "who won the football match yesterday?", "when does the next train leave?", "how far is it to the moon?", "tell me a joke",
    "what is the meaning of life?", "do you like music?", "how do I bake bread?", "is it raining outside?", "why is grass green?",
    "what did I have for breakfast?", "which country is the largest?", "how many people live in Berlin?", "is water wet?",
    "who wrote Hamlet?", "what color is the sky?", "what color are bananas?", "how many legs does a spider have?",
    "how much is a flight to Rome?", "is there life on Mars?", "can you sing?", "do you have a brother?", "are you a human?",
    "where were you born?", "what day is it today?", "what year is it?", "how tall is the Eiffel tower?", "hello", "thank you",
    "good morning", "which team do you support?", "who is the president?", "what is the square root of nine?",
    "how do I get to the station?", "what should I cook tonight?", "is there a doctor nearby?", "what is on television?",
    "what is in the news?", "where is my phone?", "where is the kitchen?", "what is under the bed?", "is anybody at home?",
    "how many stars are in the sky?", "which is larger, the sun or the moon?", "which is faster, a car or a train?",
    "is a cat bigger than a mouse?", "what lies behind the mountains?", "what is left of France?", "is Paris north of Rome?",
    "play some music", "turn on the lights", "call my mother", "set an alarm for seven", "write a poem about the sea",
    "translate this into French", "spell the word banana", "count to ten", "describe the ocean", "describe your mother",
    "ok", "the", "please", "what", "how many", "is it", "why?", "hm", "are you sure?", "what do you think about love?",
    *everyday.UNRELATED,
)  # fmt: skip
HELD_OUT_UNRELATED = (
    "will it snow tomorrow?", "what is the capital of Japan?", "how long does an egg have to boil?", "who painted the Mona Lisa?",
    "what is your favorite color?", "do you know any riddles?", "where can I buy a bicycle?", "how many continents are there?",
    "what color is a lemon?", "what is seven times eight?", "when was the telephone invented?", "is the shop still open?",
    "who is your boss?", "can you drive a car?", "how deep is the ocean?", "which animal is the fastest?", "good evening",
    "is chocolate healthy?", "what is the population of China?", "how many wheels does a bicycle have?", "read me the news",
    "which is heavier, gold or iron?", "what is in the fridge?", "is somebody at the door?", "where did I leave my keys?",
    "what do cows drink?", "tell me about the Roman empire", "how much money do I have?", "start the washing machine",
    "what happened in 1989?", "give me a recipe for soup", "what is above the clouds?", "uh", "are you happy?", "what can you do?",
    "when is my birthday?", "is London bigger than Oslo?", "name three rivers", "what is my name?", "sing me a song",
)  # fmt: skip
# About things that are there, and no camera shows it.
UNSEEN = (
    "how heavy is {a}?", "what is {a} made of?", "who put {a} there?", "how much does {a} cost?", "where did you buy {a}?",
    "is {a} hot?", "how does {a} smell?", "does {a} belong to me?", "what is inside {a} if you cut it open?", "is {a} expensive?",
    "when was {a} made?", "do you like {a}?", "why is {a} here?", "who made {a}?", "is {a} edible?", "how old is {a}?",
    "what is the temperature of {a}?", "how loud is {a}?", "what did {a} say?", "was {a} here yesterday?", "is {a} wet?",
    "what will happen to {a} tomorrow?", "what is the name of {a}?", "how many people have touched {a}?",
    *everyday.UNSEEN,
)  # fmt: skip
HELD_OUT_UNSEEN = (
    "how much does {a} weigh?", "of which material is {a}?", "what is {a} worth?", "who owns {a}?", "does {a} taste good?",
    "is {a} cold?", "since when is {a} there?", "was {a} a present?", "is {a} magnetic?", "what does {a} feel like?",
    "where was {a} an hour ago?", "can {a} swim?",
)  # fmt: skip
# By language of other_languages, with its colours.
FOREIGN = {
    "German": (
        "wo ist der {c}e Block?", "wie viele Blöcke liegen auf dem Tisch?", "welche Farbe hat die Schüssel links?",
        "ist der {c}e Block in der Schüssel?", "was liegt in der {c}en Schüssel?", "gibt es einen {c}en Würfel?",
        "welcher Block ist am nächsten?", "wie geht es dir?", "was siehst du?", "was ist links von der Schüssel?",
    ),
    "French": (
        "où est le bloc {c} ?", "combien de blocs y a-t-il sur la table ?", "de quelle couleur est le bol à gauche ?",
        "est-ce que le bloc {c} est dans le bol ?", "qu'y a-t-il dans le bol {c} ?", "y a-t-il un cube {c} ?",
        "quel bloc est le plus proche ?", "comment ça va ?", "que vois-tu ?",
    ),
    "Spanish": (
        "¿dónde está el bloque {c}?", "¿cuántos bloques hay en la mesa?", "¿de qué color es el cuenco de la izquierda?",
        "¿está el bloque {c} en el cuenco?", "¿qué hay en el cuenco {c}?", "¿hay un cubo {c}?",
        "qué bloque está más cerca?", "cómo estás?", "qué ves?", "cuántos cuencos ves",
    ),
    "Italian": (
        "dov'è il blocco {c}?", "quanti blocchi ci sono sul tavolo?", "di che colore è la ciotola a sinistra?",
        "il blocco {c} è nella ciotola?", "che cosa c'è nella ciotola?", "c'è un cubo {c}?", "quale blocco è più vicino?",
        "come stai?", "che cosa vedi?",
    ),
    "Polish": (
        "gdzie jest {c} klocek?", "ile klocków leży na stole?", "jakiego koloru jest miska po lewej?",
        "czy {c} klocek jest w misce?", "co leży w misce?", "co widzisz?", "jak się masz?",
    ),
    "Russian": (
        "где {c} кубик?", "сколько кубиков на столе?", "какого цвета миска слева?", "что лежит в миске?", "что ты видишь?",
        "как дела?",
    ),
    "Chinese": ("{c}色的积木在哪里？", "桌子上有几个积木？", "左边的碗是什么颜色？", "碗里有什么？", "你看到了什么？"),
}  # fmt: skip
FOREIGN = {name: (*questions, *everyday.FOREIGN[name]) for name, questions in FOREIGN.items()}
HELD_OUT_FOREIGN = {
    "Dutch": (
        "waar is het {c}e blok?", "hoeveel blokken liggen er op de tafel?", "welke kleur heeft de linker kom?",
        "ligt het {c}e blok in de kom?", "wat ligt er in de kom?", "wat zie je?",
    ),
    "Portuguese": (
        "onde está o bloco {c}?", "quantos blocos há na mesa?", "qual é a cor da tigela à esquerda?",
        "o bloco {c} está na tigela?", "o que há na tigela?", "o que você vê?",
    ),
    "Swedish": (
        "var är den {c} klossen?", "hur många klossar ligger på bordet?", "vilken färg har skålen till vänster?",
        "ligger den {c} klossen i skålen?", "vad ser du?",
    ),
    "Turkish": (
        "{c} blok nerede?", "masada kaç blok var?", "soldaki kase ne renk?", "{c} blok kasenin içinde mi?", "ne görüyorsun?",
    ),
    "Greek": ("πού είναι ο {c} κύβος;", "πόσοι κύβοι είναι στο τραπέζι;", "τι χρώμα έχει το μπολ;", "τι βλέπεις;"),
    "Japanese": ("{c}いブロックはどこですか", "ブロックはいくつありますか", "ボウルの中に何がありますか", "何が見えますか"),
}  # fmt: skip
