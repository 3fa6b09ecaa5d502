"""Instructions in other languages than English, with held-out languages: the planner refuses these.

A language has sentences with {a} for what is moved and {b} for where it goes, phrases for either with {c} and {d} for
colours, and whole sentences. They name things as the table has them, so that nothing but the language is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Patterns of one language; ``colors`` fit its phrases as they are."""

    sentences: tuple[str, ...]
    a: tuple[str, ...]
    b: tuple[str, ...]
    colors: tuple[str, ...]
    whole: tuple[str, ...]


LANGUAGES = {
    "German": Language(
        ("lege {a} {b}", "stelle bitte {a} {b}", "nimm {a} und lege ihn {b}", "ich möchte, dass du {a} {b} legst"),
        ("den {c}en Block", "den {c}en Würfel", "den kleinen {c}en Block", "den großen {c}en Block"),
        ("in die {d}e Schüssel", "auf die {d}e Fläche", "auf den {d}en Block", "auf die linke Seite des Tisches"),
        ("rot", "blau", "grün", "gelb", "braun", "grau", "weiß"),
        ("lege alle Blöcke in die Schüsseln der gleichen Farbe", "staple die Blöcke in der linken oberen Ecke",
         "räum den Tisch auf", "was siehst du auf dem Tisch?", "guten Tag, wie geht es dir?"),
    ),
    "French": Language(
        ("mets {a} {b}", "place {a} {b} s'il te plaît", "prends {a} et pose-le {b}", "je voudrais {a} {b}"),
        ("le bloc {c}", "le cube {c}", "le petit bloc {c}", "le gros bloc {c}"),
        ("dans le bol {d}", "sur la zone de couleur {d}", "sur le bloc {d}", "sur le côté gauche de la table"),
        ("rouge", "bleu", "vert", "jaune", "marron", "gris", "blanc"),
        ("mets tous les blocs dans les bols de la même couleur", "empile les blocs en haut à gauche",
         "range la table", "que vois-tu sur la table ?", "bonjour, comment ça va ?"),
    ),
    "Spanish": Language(
        ("pon {a} {b}", "coloca {a} {b}, por favor", "toma {a} y ponlo {b}", "quiero {a} {b}"),
        ("el bloque {c}", "el cubo {c}", "el bloque pequeño {c}", "el bloque grande {c}"),
        ("en el cuenco {d}", "en la zona de color {d}", "sobre el bloque {d}", "en el lado izquierdo de la mesa"),
        ("rojo", "azul", "verde", "amarillo", "marrón", "gris", "blanco"),
        ("pon todos los bloques en los cuencos del mismo color", "apila los bloques en la esquina superior derecha",
         "ordena la mesa", "¿qué ves en la mesa?", "hola, ¿cómo estás?"),
    ),
    "Italian": Language(
        ("metti {a} {b}", "posa {a} {b}, per favore", "prendi {a} e mettilo {b}", "vorrei {a} {b}"),
        ("il blocco {c}", "il cubo {c}", "il blocco piccolo {c}", "il blocco grande {c}"),
        ("nella ciotola di colore {d}", "sulla zona di colore {d}", "sul blocco {d}", "sul lato destro del tavolo"),
        ("rosso", "blu", "verde", "giallo", "marrone", "grigio", "bianco"),
        ("metti tutti i blocchi nelle ciotole dello stesso colore", "impila i blocchi nell'angolo in basso a sinistra",
         "metti in ordine il tavolo", "che cosa vedi sul tavolo?", "ciao, come stai?"),
    ),
    "Polish": Language(
        ("połóż {a} {b}", "proszę, umieść {a} {b}", "weź {a} i połóż {b}", "chcę {a} {b}"),
        ("{c} klocek", "mały {c} klocek", "duży {c} klocek"),
        ("w misce o kolorze {d}", "na polu o kolorze {d}", "po lewej stronie stołu"),
        ("czerwony", "niebieski", "zielony", "żółty", "brązowy", "szary", "biały"),
        ("włóż wszystkie klocki do misek w tym samym kolorze", "ułóż klocki w stos", "posprzątaj stół", "co widzisz?"),
    ),
    "Russian": Language(
        ("положи {a} {b}", "поставь {a} {b}, пожалуйста", "возьми {a} и положи {b}", "переложи {a} {b}"),
        ("{c} кубик", "{c} блок", "маленький {c} кубик", "большой {c} кубик"),
        ("в миску", "на цветную зону", "на {d} кубик", "на левую сторону стола"),
        ("красный", "синий", "зелёный", "жёлтый", "коричневый", "серый", "белый"),
        ("положи все кубики в миски того же цвета", "сложи кубики в стопку", "убери со стола", "что ты видишь?"),
    ),
    "Chinese": Language(
        ("把{a}放{b}", "请把{a}放{b}", "拿起{a}，放{b}"),
        ("{c}色的积木", "{c}色方块", "小的{c}色方块"),
        ("到{d}色的碗里", "到{d}色区域上", "到{d}色方块上", "在桌子左边"),
        ("红", "蓝", "绿", "黄", "棕", "灰", "白"),
        ("把所有积木放进同样颜色的碗里", "把积木叠起来", "收拾桌子", "你看到了什么？"),
    ),
}  # fmt: skip
HELD_OUT_LANGUAGES = {
    "Dutch": Language(
        ("leg {a} {b}", "zet {a} alsjeblieft {b}", "pak {a} en leg het {b}"),
        ("het {c}e blok", "het kleine {c}e blok", "het grote {c}e blok"),
        ("in de {d}e kom", "op het {d}e vlak", "aan de linkerkant van de tafel"),
        ("blauw", "groen", "bruin", "grijz", "zwart"),
        ("leg alle blokken in de kommen met dezelfde kleur", "stapel de blokken linksboven", "ruim de tafel op"),
    ),
    "Portuguese": Language(
        ("coloque {a} {b}", "ponha {a} {b}, por favor", "pegue {a} e coloque {b}"),
        ("o bloco {c}", "o cubo {c}", "o bloco pequeno {c}"),
        ("na tigela de cor {d}", "sobre a zona de cor {d}", "do lado esquerdo da mesa"),
        ("vermelho", "azul", "verde", "amarelo", "marrom", "cinza"),
        ("coloque todos os blocos nas tigelas da mesma cor", "empilhe os blocos no canto superior", "arrume a mesa"),
    ),
    "Swedish": Language(
        ("lägg {a} {b}", "ställ {a} {b}, tack", "ta {a} och lägg den {b}"),
        ("den {c} klossen", "den lilla {c} klossen", "den stora {c} klossen"),
        ("i den {d} skålen", "på den {d} ytan", "på vänster sida av bordet"),
        ("röda", "blå", "gröna", "gula", "bruna", "grå"),
        ("lägg alla klossar i skålarna med samma färg", "stapla klossarna", "städa bordet"),
    ),
    "Turkish": Language(
        ("{a} {b} koy", "lütfen {a} {b} yerleştir", "{a} al ve {b} bırak"),
        ("{c} bloğu", "küçük {c} bloğu", "büyük {c} bloğu"),
        ("{d} kaseye", "{d} alana", "masanın sol tarafına"),
        ("kırmızı", "mavi", "yeşil", "sarı", "kahverengi", "gri"),
        ("bütün blokları aynı renkteki kaselere koy", "blokları üst üste diz", "masayı topla"),
    ),
    "Greek": Language(
        ("βάλε {a} {b}", "τοποθέτησε {a} {b}, παρακαλώ"),
        ("τον {c} κύβο", "τον μικρό {c} κύβο"),
        ("στο μπολ", "πάνω στον {d} κύβο", "στην αριστερή πλευρά του τραπεζιού"),
        ("κόκκινο", "μπλε", "πράσινο", "κίτρινο"),
        ("βάλε όλους τους κύβους στα μπολ με το ίδιο χρώμα", "τακτοποίησε το τραπέζι"),
    ),
    "Japanese": Language(
        ("{a}を{b}置いて", "{a}を{b}置いてください", "{a}を取って{b}入れて"),
        ("{c}いブロック", "小さい{c}いブロック"),
        ("{d}いボウルに", "テーブルの左側に", "{d}いブロックの上に"),
        ("赤", "青", "白", "黒"),
        ("すべてのブロックを同じ色のボウルに入れて", "ブロックを積み上げて", "テーブルを片付けて"),
    ),
}  # fmt: skip


def foreign_instruction(rng, held_out: bool = False) -> str:
    """An instruction about blocks and bowls in another language; ``held_out``: one that training never shows."""
    languages = HELD_OUT_LANGUAGES if held_out else LANGUAGES
    language = languages[str(rng.choice(list(languages)))]
    if rng.random() < 0.3:
        return str(rng.choice(language.whole))
    a, b = (str(rng.choice(phrases)) for phrases in (language.a, language.b))
    c, d = (str(color) for color in rng.choice(language.colors, 2))
    return str(rng.choice(language.sentences)).format(a=a.format(c=c), b=b.format(d=d))
