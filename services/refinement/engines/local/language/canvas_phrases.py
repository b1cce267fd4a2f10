"""Phrases about the picture as a whole, its parts and its style: what `phrases` has besides."""

from typing import Final

CANVAS_AND_STYLES: Final = {
    "upscale": (
        "higher resolution|high resolution|higher res|hi res|high res|bigger resolution|"
        "larger resolution|more pixels|higher definition|high definition|better resolution|"
        "hi def|high quality version|larger version|bigger version|bigger file|larger file|"
        "scale up|scale it up|blow up|blow it up|increase the resolution|increase resolution|"
        "raise the resolution|low resolution|low res|resolution is too low|more resolution|"
        "print resolution|print quality|higher quality|better quality|double the resolution|"
        "up the resolution|size up|larger for print|bigger for print|"
        "large enough for print|resolution too low|res is too low|boost the resolution|up res|"
        "super resolution|double the size|lo res|increase the size of the image|double its size|"
        "twice the size|twice as big|twice as large|double size|bump up the resolution"
    ),
    "rotate": "spin around|lean it|tip it over|rotate around",
    "name": (
        "the brand name|the company name|brand name|company name|business name|shop name|"
        "firm name|store name"
    ),
    "roundness": "border radius|corner radius",
    "kerning": (
        "letter spacing|letterspacing|too close together|too far apart|line spacing|"
        "space between the letters|spacing between letters|spacing of the letters|"
        "gap between the letters|space between letters|spacing between the letters|"
        "closer together|further apart|farther apart|space between the words"
    ),
    "whitebox": "white box|white block|box behind|box around it|square behind",
    "4k": "4 k",
    "8k": "8 k",
    "upsidedown": "upside down|half turn|half a turn|on its head|wrong way up|180 turn",
    "clockwise": "to the right|to right|right by|clock wise",
    "counterclockwise": (
        "counter clockwise|anti clockwise|to the left|to left|left by|anticlockwise|"
        "counter clock wise"
    ),
    "quarterturn": (
        "a quarter turn|by a quarter turn|quarter turn|a quarter|on its side|sideways|onto its side"
    ),
    # What is turned round this way, nobody can tell from these words alone.
    "viceversa": "other way around|other way round|the other way around|the other way round",
    "mirror": (
        "mirror image|flip it over|face the other way|"
        "facing the other way|look the other way|faces the other way|looks the other way|"
        "face left|face right|facing left|facing right|faces left|faces right|look left|"
        "look right|looks left|looks right|swap left and right|left to right|"
        "reverse the direction|point the other way|points the other way|looking left|"
        "looking right|left and right|pointing the other way|opposite direction|the opposite way|"
        "the other direction"
    ),
    "vertically": "top to bottom|top and bottom|along the horizontal axis|over the x axis",
    "square": (
        "quadratic|1 : 1|1 1|square format|aspect ratio 1|square shaped|1 by 1|1 x 1|square shape|"
        "profile picture|profile pic|app icon|same width and height|square image|square picture|"
        "one to one|equal sides|1 to 1|square canvas|square ratio|instagram post|profile photo"
    ),
    "centre": (
        "off center|off centre|off centered|in the middle|not centered|not centred|to the middle|"
        "dead center|dead centre|not in the center|not in the centre|out of center|in the center|"
        "in the centre|not in the middle|to the center|to the centre|off to one side|"
        "too far left|too far right|not central|lopsided|off centred|not aligned|in middle|"
        "not properly centered|not properly centred"
    ),
    "crop": (
        "trim off|trim away|cut away|cut the edges|cut the margins|crop out|cut the margin|"
        "crop in|zoom in|fill the frame|fill the canvas|fills the frame|fills the canvas|"
        "tight crop|tighter crop|cut the empty|cut the white|snip off|shave off|crop down|"
        "trim up|fill the space|fill the whole|fills the space|fill the picture|fill the image|"
        "cut the blank|crop away|crop off|edge to edge|cut close"
    ),
    "padding": "around the logo|space around it|room around it",
    "handdrawn": (
        "hand drawn|hand sketched|hand made|hand painted|hand lettered|hand drawing|"
        "pencil drawing|pencil drawn|line drawing|hand crafted|brush strokes|brush stroke|"
        "water colour|water color"
    ),
    "3d": "three dimensional|3 d|three d|isometric",
    "animated": (
        "moving image|moving parts|moving version|make it move|make it spin|spinning logo|"
        "looping video|motion graphic|motion graphics"
    ),
    "restyled": "more like a|in the style of|look like a|as if drawn|look like an",
    "boldtext": "font weight|fontweight|type weight|letter weight|weight of the",
    "strokeweight": (
        "stroke weight|line weight|stroke width|line width|line thickness|stroke thickness|"
        "thickness of the lines|thickness of the strokes|weight of the lines|weight of the strokes"
    ),
    "newfont": (
        "sans serif|comic sans|times new roman|block letters|all caps|upper case|lower case|"
        "uppercase|lowercase|title case|hand writing|handwriting|small caps|capital letters|"
        "typewriter"
    ),
    "transparent": (
        "see through|see thru|no background|without background|without a background|"
        "without the background|no bg|without bg|without any background|cut out the logo|"
        "remove bg|background removed|remove background|clear background|alpha background|"
        "png with alpha|alpha channel|background gone|cutout|no white box|white square|"
        "white rectangle|drop the bg|no white background|no backdrop|without backdrop|"
        "no fill behind"
    ),
    "modern": "up to date|21 st century|more current|contemporary feel",
    "dated": (
        "like a 90 s|like the 90 s|from the 90 s|the 90 s|90 s logo|80 s logo|from the 80 s|"
        "like the 80 s|like a 90 s|90 s logo|so 90 s|very 90 s|the 90 s|like the 90 s|"
        "like a 1990 s|"
        "like a 80 s|stuck in the 90 s|last century|from the last century|ages old|20 years old|"
        "old fashioned|old looking|out of date|out dated|stuck in the|from the 90 s|"
        "from the nineties|from the 1990 s|from the 80 s"
    ),
    "vintage": (
        "old school|old timey|old time|the 70 s|the 60 s|the 50 s|seventies|fifties|sixties|1950 s|"
        "1960 s|1970 s|50 s|60 s|70 s|old photo|faded old|used look|worn look|weathered look|"
        "aged paper|antique look"
    ),
    "playful": "for kids|for children|kid friendly|child friendly",
    "luxurious": (
        "high end|high class|upper class|top end|expensive looking|more expensive|upscale look|"
        "upscale feel|upscale brand|up market|luxury brand|luxury feel"
    ),
    "earthy": (
        "like nature|like in nature|"
        "earth tones|earth tone|earth colors|earth colours|earthy tones|natural tones|"
        "earthy colors|earthy colours|natural colors|natural colours|natural palette|"
        "natural palettes|earthy palette|woodland colors|woodland colours|autumn colors|"
        "autumn colours|autumnal|fall colors|fall colours|nature tones|nature colors|"
        "nature colours"
    ),
    "neon": (
        "glow in the dark|day glo|dayglo|neon sign|neon colors|neon colours|neon lights|"
        "electric colors|electric colours|neon tones|highlighter colors|highlighter colours|"
        "neon look|cyberpunk|synthwave|vaporwave"
    ),
    "pastel": (
        "candy colors|candy colours|ice cream colors|ice cream colours|pastel tones|"
        "pastel colors|pastel colours|pastel shades|pastel palette|baby colors|baby colours|"
        "sherbet colors|sherbet colours|soft pastels|macaron colors|macaron colours"
    ),
}
