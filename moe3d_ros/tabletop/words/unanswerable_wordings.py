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
        "wo liegt der {c}e Würfel?", "siehst du den {c}en Block?", "wie viele Schüsseln stehen auf dem Tisch?",
        "was steht neben der {c}en Schüssel?", "welche Farbe hat der Block rechts?", "liegt der {c}e Block links von der Schüssel?",
        "ist die {c}e Schüssel leer?", "was befindet sich hinter dem {c}en Becher?", "wie viele {c}e Blöcke siehst du?",
        "gibt es hier eine {c}e Schüssel?", "welcher Block ist der größte?", "ist der {c}e Becher größer als die Schüssel?",
        "was liegt ganz rechts?", "was liegt alles auf dem Tisch?", "steht vor der Dose ein {c}er Becher",
        "welche Farben haben die Schüsseln?", "ist da eine Dose auf dem Tisch?", "wo steht die {c}e Schüssel",
        "was liegt zwischen dem {c}en Block und der Schüssel?", "wie viele Sachen sind in der Schüssel?", "welche Schüssel ist kleiner?",
        "ist der Block auf der linken Seite {c}?", "was liegt auf dem {c}en Block?", "kannst du mir sagen, wo die Dose steht?",
        "welcher Gegenstand ist am weitesten weg?",
    ),
    "French": (
        "où est le bloc {c} ?", "combien de blocs y a-t-il sur la table ?", "de quelle couleur est le bol à gauche ?",
        "est-ce que le bloc {c} est dans le bol ?", "qu'y a-t-il dans le bol {c} ?", "y a-t-il un cube {c} ?",
        "quel bloc est le plus proche ?", "comment ça va ?", "que vois-tu ?",
        "où se trouve le cube {c} ?", "est-ce que tu vois un bloc {c} ?", "combien de bols vois-tu ?",
        "qu'est-ce qu'il y a à côté du bol {c} ?", "de quelle couleur est le bloc à droite ?", "le bloc {c} est-il à gauche du bol ?",
        "est-ce que le bol {c} est vide ?", "qu'y a-t-il derrière le gobelet {c} ?", "combien de cubes y a-t-il dans le bol ?",
        "y a-t-il un bol {c} sur la table ?", "quel est le plus gros bloc ?", "le gobelet {c} est-il plus grand que le bol ?",
        "qu'est-ce qui est tout à droite ?", "qu'est-ce qu'il y a sur la table ?", "quel objet est devant le bol {c} ?",
        "de quelles couleurs sont les bols ?", "est-ce qu'il y a une canette sur la table ?", "où est le gobelet {c}",
        "qu'y a-t-il entre le bloc {c} et le bol ?", "combien d'objets y a-t-il sur la table ?", "quel bol est le plus petit ?",
        "est-ce que le bloc de gauche est {c} ?", "qu'est-ce qui est posé sur le bloc {c} ?", "peux-tu me dire où est la canette ?",
        "quel objet est le plus loin ?",
    ),
    "Spanish": (
        "¿dónde está el bloque {c}?", "¿cuántos bloques hay en la mesa?", "¿de qué color es el cuenco de la izquierda?",
        "¿está el bloque {c} en el cuenco?", "¿qué hay en el cuenco {c}?", "¿hay un cubo {c}?",
        "qué bloque está más cerca?", "cómo estás?", "qué ves?", "cuántos cuencos ves",
        "¿dónde está el cubo {c}?", "¿ves algún bloque {c}?", "¿cuántos cuencos hay sobre la mesa?", "¿qué hay al lado del cuenco {c}?",
        "¿de qué color es el bloque de la derecha?", "¿el bloque {c} está a la izquierda del cuenco?", "¿está vacío el cuenco {c}?",
        "¿qué hay detrás del vaso {c}?", "¿cuántos cubos hay dentro del cuenco?", "¿hay un cuenco {c} en la mesa?",
        "¿cuál es el bloque más grande?", "¿el vaso {c} es más grande que el cuenco?", "¿qué está más a la derecha?",
        "qué hay encima de la mesa", "¿qué objeto está delante del cuenco {c}?", "¿de qué colores son los cuencos?",
        "¿hay alguna lata en la mesa?", "dónde está el vaso {c}", "¿qué hay entre el bloque {c} y el cuenco?",
        "¿cuántas cosas hay en la mesa?", "¿qué cuenco es más pequeño?", "¿es {c} el bloque de la izquierda?",
        "¿qué hay encima del bloque {c}?", "¿me puedes decir dónde está la lata?", "¿qué objeto está más lejos?",
    ),
    "Italian": (
        "dov'è il blocco {c}?", "quanti blocchi ci sono sul tavolo?", "di che colore è la ciotola a sinistra?",
        "il blocco {c} è nella ciotola?", "che cosa c'è nella ciotola?", "c'è un cubo {c}?", "quale blocco è più vicino?",
        "come stai?", "che cosa vedi?",
        "dove si trova il cubo {c}?", "vedi un blocco {c}?", "quante ciotole ci sono sul tavolo?", "che cosa c'è accanto al cubo {c}?",
        "di che colore è il blocco a destra?", "il blocco {c} è a sinistra della ciotola?", "il bicchiere {c} è vuoto?",
        "che cosa c'è dietro il bicchiere {c}?", "quanti cubi ci sono nella ciotola?", "c'è un bicchiere {c} sul tavolo?",
        "qual è il blocco più grande?", "il bicchiere {c} è più grande della ciotola?", "che cosa c'è tutto a destra?",
        "cosa c'è sul tavolo", "quale oggetto è davanti al cubo {c}?", "di che colore sono le ciotole?", "c'è una lattina sul tavolo?",
        "dov'è il bicchiere {c}", "che cosa c'è tra il blocco {c} e la ciotola?", "quanti oggetti vedi?", "quale ciotola è più piccola?",
        "il blocco a sinistra è {c}?", "che cosa c'è sopra il blocco {c}?", "mi puoi dire dov'è la lattina?",
        "quale oggetto è più lontano?",
    ),
    "Polish": (
        "gdzie jest {c} klocek?", "ile klocków leży na stole?", "jakiego koloru jest miska po lewej?",
        "czy {c} klocek jest w misce?", "co leży w misce?", "co widzisz?", "jak się masz?",
        "gdzie leży {c} klocek?", "czy widzisz {c} klocek?", "ile misek stoi na stole?", "co jest obok miski?",
        "jakiego koloru jest klocek po prawej?", "czy {c} klocek leży na lewo od miski?", "czy {c} kubek jest pusty?",
        "co stoi za kubkiem?", "ile klocków jest w misce?", "czy na stole jest {c} kubek?", "który klocek jest największy?",
        "czy {c} kubek jest większy od miski?", "co leży najbardziej po prawej?", "co jest na stole", "co stoi przed miską?",
        "jakiego koloru są miski?", "czy na stole stoi puszka?", "gdzie stoi {c} kubek", "co leży między klockiem a miską?",
        "ile rzeczy widzisz na stole?", "która miska jest mniejsza?", "czy klocek po lewej jest {c}?",
        "czy {c} klocek leży na innym klocku?", "możesz mi powiedzieć, gdzie jest puszka?", "który przedmiot jest najdalej?",
    ),
    "Russian": (
        "где {c} кубик?", "сколько кубиков на столе?", "какого цвета миска слева?", "что лежит в миске?", "что ты видишь?",
        "как дела?",
        "где лежит {c} кубик?", "ты видишь {c} кубик?", "сколько мисок стоит на столе?", "что находится рядом с миской?",
        "какого цвета кубик справа?", "{c} кубик лежит слева от миски?", "{c} стакан пустой?", "что стоит за стаканом?",
        "сколько кубиков в миске?", "есть ли на столе {c} стакан?", "какой кубик самый большой?", "{c} стакан больше миски?",
        "что лежит правее всего?", "что лежит на столе", "что стоит перед миской?", "какого цвета миски?", "есть ли на столе банка?",
        "где стоит {c} стакан", "что лежит между кубиком и миской?", "сколько предметов ты видишь?", "какая миска меньше?",
        "кубик слева {c}?", "в миске лежит {c} кубик?", "можешь сказать, где стоит банка?", "какой предмет дальше всего?",
    ),
    "Chinese": (
        "{c}色的积木在哪里？", "桌子上有几个积木？", "左边的碗是什么颜色？", "碗里有什么？", "你看到了什么？",
        "{c}色的方块在哪儿？", "你看得到{c}色的积木吗？", "桌上有多少个碗？", "{c}色的碗旁边是什么？", "右边的积木是什么颜色的？", "{c}色的积木在碗的左边吗？", "{c}色的碗是空的吗？", "{c}色的杯子后面有什么？",
        "碗里有几块积木？", "桌子上有没有{c}色的碗？", "哪个积木最大？", "{c}色的杯子比碗大吗？", "最右边的是什么？", "桌子上有什么", "{c}色的碗前面是什么东西？", "这些碗都是什么颜色？", "桌上有罐子吗？",
        "{c}色的杯子在哪里", "{c}色的积木和碗之间有什么？", "桌子上一共有几样东西？", "哪个碗比较小？", "左边的积木是{c}色的吗？", "{c}色的积木上面放着什么？", "请告诉我罐子在哪里", "哪个东西离得最远？",
    ),
}  # fmt: skip
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
