"""Ordinary English: words that carry no wish, and words that only look like one misspelt."""

from typing import Final

from services.refinement.engines.local.morphology import words

# Nothing is missed by leaving these out: a clause of nothing else asks for nothing.
FILLER: Final = words(
    "a an the it its of to in on for from into by as at so be been being i we you "
    "they he she my our your their this that these those there here some any all each "
    "every use using make making made have has had get getting got give giving keep "
    "keeping logo image picture design concept version please just only really "
    "overall whole entire thing things look looks looking feel feels feeling style "
    "bring turn take go going goes come comes down up back off out over under more "
    "less most least not no and but or then also plus while with without too very "
    "much way want wants wanted need needs needed would could should like can let "
    "lets will shall me us them him her which what when where who whom why how is are "
    "was were am do does did done if than file pic photo png jpg jpeg svg hi hello "
    "hey hiya dear team guys folks there thanks thank thx cheers regards kind best "
    "greetings morning afternoon evening good day sorry excuse ok okay yes yeah yep "
    "nope well now today again still already yet maybe perhaps possible possibly "
    "quite rather pretty somewhat sort kind bit lot little slightly first second "
    "third last next one two other another same such own both either neither because "
    "since though although however anyway actually basically honestly simply "
    "literally definitely certainly probably obviously clearly generally especially "
    "mostly mainly everything something anything nothing everyone someone anyone "
    "people person client boss customer customers clients company business brand "
    "branding website site web app print work works working worked idea ideas think "
    "thinking thought know see say said tell show looked felt seem seems seemed try "
    "trying tried start let's help helpful appreciate appreciated love loved great "
    "nice awesome cool amazing perfect fine happy beautiful change changes changed "
    "changing adjust adjustment adjustments tweak tweaks edit edits modify update "
    "updates updating refine refinement improve improved improvement improvements fix "
    "fixes fixing better best worse bad ugly wrong right new old current original "
    "previous final draft attached below above following see here about around "
    "between across behind through within per via until before after during once "
    "always never ever often usually sometimes currently recently soon later time "
    "times moment minute week year tomorrow asap urgent quick quickly fast easy "
    "easily simple hard must might may able ready sure hope hoping wish wondering "
    "wonder care mind interested question questions possible feedback comment "
    "comments note notes request requests option options choice suggestion "
    "suggestions please kindly btw fyi lol haha hmm umm uh oh wow ah er eh maybe "
    "might shop store mate bro dude man sir madam everybody attached part parts side "
    "sides top bottom left right rest number amount way ways place point points level "
    "levels effect effects result results whatever whichever whenever set put end "
    "finish having were i'm you're don't etc eg ie vs set sets enough far near close "
    "even instead looks-like like-so overall especially mark icon symbol background "
    "text colour colours color colors as-is rest asis thereis slightly much too doing "
    "being seen called named made makes becomes become becoming became look-and-feel "
    "social media instagram facebook linkedin twitter poster flyer card cards banner "
    "header page letterhead email signature t-shirt shirt shirts mug sticker stickers "
    "packaging label screen screens phone mobile desktop small sign signage display "
    "job version versions his hers theirs ours yours myself ourselves themselves "
    "itself whose this'll remaining meeting presentation launch deadline budget "
    "friend wife husband daughter son boss's kids visible noticeable special general "
    "different certain particular various several few many lots couple bunch total "
    "totally exactly precisely directly properly correctly nicely somehow somewhere "
    "anywhere everywhere else otherwise therefore thus hence anyways besides "
    "otherwise alright right-hand hand given considering regarding concerning due "
    "thanks! ask asked asking told mention mentioned discuss discussed talk talked "
    "call send sent received receive opinion view impression taste sense reason "
    "reasons purpose quotation called bring brings brought take took taken went gone "
    "came been wants likes needs says"
)

# One slip away from a word of the lexicon, and themselves ordinary.
LOOKALIKES: Final = words("")

# Words of other languages that English does not have.
FOREIGN: Final = words(
    "el los las del una por para con que quiero haz hacer fondo sin pero muy este "
    "esta como hola der das und mit ein eine bitte mach mache nicht aber auch sehr "
    "ist hintergrund ohne mehr weniger etwas dem den des les une et est avec pour je "
    "il dans sur mais s'il vous bonjour fond lo gli di che per non sfondo della "
    "questo um uma mais fundo com mas meu het een maar niet voor van och att inte som "
    "ett det jest nie czy oraz ve bir daha"
)
