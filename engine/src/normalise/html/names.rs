//! Character references by name, as ClamAV knows them: those of HTML 4 (W3C, 24 December 1999, section
//! 24) and of the ISO entity sets in ISO 8879 that SGML brought along. Names of HTML 5 that are in
//! neither are not known, and case counts.

/// The character of a name; none for a name that is not known.
pub(super) fn character(name: &[u8]) -> Option<u16> {
    let row = NAMES.binary_search_by_key(&name, |(known, _)| *known).ok()?;
    NAMES.get(row).map(|&(_, character)| character)
}

/// The longest name.
pub(super) const LONGEST: usize = 8;

/// Every name, sorted by its bytes.
#[rustfmt::skip]
const NAMES: &[(&[u8], u16)] = &[
    (b"AElig", 0xc6), (b"Aacute", 0xc1), (b"Acirc", 0xc2), (b"Acy", 0x410), (b"Agrave", 0xc0),
    (b"Alpha", 0x391), (b"Aring", 0xc5), (b"Atilde", 0xc3), (b"Auml", 0xc4), (b"Barwed", 0x2306),
    (b"Bcy", 0x411), (b"Beta", 0x392), (b"CHcy", 0x427), (b"Cap", 0x22d2), (b"Ccedil", 0xc7),
    (b"Chi", 0x3a7), (b"Cup", 0x22d3), (b"DJcy", 0x402), (b"DScy", 0x405), (b"DZcy", 0x40f),
    (b"Dagger", 0x2021), (b"Dcy", 0x414), (b"Delta", 0x394), (b"Dot", 0xa8), (b"DotDot", 0x20dc),
    (b"ETH", 0xd0), (b"Eacute", 0xc9), (b"Ecirc", 0xca), (b"Ecy", 0x42d), (b"Egrave", 0xc8),
    (b"Epsilon", 0x395), (b"Eta", 0x397), (b"Euml", 0xcb), (b"Fcy", 0x424), (b"GJcy", 0x403),
    (b"Gamma", 0x393), (b"Gcy", 0x413), (b"Gg", 0x22d9), (b"Gt", 0x226b), (b"HARDcy", 0x42a),
    (b"IEcy", 0x415), (b"IOcy", 0x401), (b"Iacute", 0xcd), (b"Icirc", 0xce), (b"Icy", 0x418),
    (b"Igrave", 0xcc), (b"Iota", 0x399), (b"Iukcy", 0x406), (b"Iuml", 0xcf), (b"Jcy", 0x419),
    (b"Jsercy", 0x408), (b"Jukcy", 0x404), (b"KHcy", 0x425), (b"KJcy", 0x40c), (b"Kappa", 0x39a),
    (b"Kcy", 0x41a), (b"LJcy", 0x409), (b"Lambda", 0x39b), (b"Lcy", 0x41b), (b"Ll", 0x22d8),
    (b"Lt", 0x226a), (b"Mcy", 0x41c), (b"Mu", 0x39c), (b"NJcy", 0x40a), (b"Ncy", 0x41d),
    (b"Ntilde", 0xd1), (b"Nu", 0x39d), (b"OElig", 0x152), (b"Oacute", 0xd3), (b"Ocirc", 0xd4),
    (b"Ocy", 0x41e), (b"Ograve", 0xd2), (b"Omega", 0x3a9), (b"Omicron", 0x39f), (b"Oslash", 0xd8),
    (b"Otilde", 0xd5), (b"Ouml", 0xd6), (b"Pcy", 0x41f), (b"Phi", 0x3a6), (b"Pi", 0x3a0),
    (b"Prime", 0x2033), (b"Psi", 0x3a8), (b"Rcy", 0x420), (b"Rho", 0x3a1), (b"SHCHcy", 0x429),
    (b"SHcy", 0x428), (b"SOFTcy", 0x42c), (b"Scaron", 0x160), (b"Scy", 0x421), (b"Sigma", 0x3a3),
    (b"Sub", 0x22d0), (b"Sup", 0x22d1), (b"THORN", 0xde), (b"TSHcy", 0x40b), (b"TScy", 0x426),
    (b"Tau", 0x3a4), (b"Tcy", 0x422), (b"Theta", 0x398), (b"Uacute", 0xda), (b"Ubrcy", 0x40e),
    (b"Ucirc", 0xdb), (b"Ucy", 0x423), (b"Ugrave", 0xd9), (b"Upsi", 0x3d2), (b"Upsilon", 0x3a5),
    (b"Uuml", 0xdc), (b"Vcy", 0x412), (b"Vdash", 0x22a9), (b"Verbar", 0x2016), (b"Vvdash", 0x22aa),
    (b"Xi", 0x39e), (b"YAcy", 0x42f), (b"YIcy", 0x407), (b"YUcy", 0x42e), (b"Yacute", 0xdd),
    (b"Ycy", 0x42b), (b"Yuml", 0x178), (b"ZHcy", 0x416), (b"Zcy", 0x417), (b"Zeta", 0x396),
    (b"aacute", 0xe1), (b"acirc", 0xe2), (b"acute", 0xb4), (b"acy", 0x430), (b"aelig", 0xe6),
    (b"agrave", 0xe0), (b"alefsym", 0x2135), (b"aleph", 0x2135), (b"alpha", 0x3b1), (b"amalg", 0x2a3f),
    (b"amp", 0x26), (b"and", 0x2227), (b"ang", 0x2220), (b"angmsd", 0x2221), (b"angsph", 0x2222),
    (b"angst", 0x212b), (b"ap", 0x2248), (b"ape", 0x224a), (b"apos", 0x27), (b"aring", 0xe5),
    (b"ast", 0x2a), (b"asymp", 0x2248), (b"atilde", 0xe3), (b"auml", 0xe4), (b"barwed", 0x2305),
    (b"bcong", 0x224c), (b"bcy", 0x431), (b"bdquo", 0x201e), (b"becaus", 0x2235), (b"bepsi", 0x3f6),
    (b"bernou", 0x212c), (b"beta", 0x3b2), (b"beth", 0x2136), (b"blank", 0x2423), (b"blk12", 0x2592),
    (b"blk14", 0x2591), (b"blk34", 0x2593), (b"block", 0x2588), (b"bottom", 0x22a5),
    (b"bowtie", 0x22c8), (b"boxDL", 0x2557), (b"boxDR", 0x2554), (b"boxDl", 0x2556), (b"boxDr", 0x2553),
    (b"boxH", 0x2550), (b"boxHD", 0x2566), (b"boxHU", 0x2569), (b"boxHd", 0x2564), (b"boxHu", 0x2567),
    (b"boxUL", 0x255d), (b"boxUR", 0x255a), (b"boxUl", 0x255c), (b"boxUr", 0x2559), (b"boxV", 0x2551),
    (b"boxVH", 0x256c), (b"boxVL", 0x2563), (b"boxVR", 0x2560), (b"boxVh", 0x256b), (b"boxVl", 0x2562),
    (b"boxVr", 0x255f), (b"boxdL", 0x2555), (b"boxdR", 0x2552), (b"boxdl", 0x2510), (b"boxdr", 0x250c),
    (b"boxh", 0x2500), (b"boxhD", 0x2565), (b"boxhU", 0x2568), (b"boxhd", 0x252c), (b"boxhu", 0x2534),
    (b"boxuL", 0x255b), (b"boxuR", 0x2558), (b"boxul", 0x2518), (b"boxur", 0x2514), (b"boxv", 0x2502),
    (b"boxvH", 0x256a), (b"boxvL", 0x2561), (b"boxvR", 0x255e), (b"boxvh", 0x253c), (b"boxvl", 0x2524),
    (b"boxvr", 0x251c), (b"bprime", 0x2035), (b"breve", 0x2d8), (b"brvbar", 0xa6), (b"bsim", 0x223d),
    (b"bsime", 0x22cd), (b"bsol", 0x5c), (b"bull", 0x2022), (b"bump", 0x224e), (b"bumpe", 0x224f),
    (b"cap", 0x2229), (b"caret", 0x2041), (b"caron", 0x2c7), (b"ccedil", 0xe7), (b"cedil", 0xb8),
    (b"cent", 0xa2), (b"chcy", 0x447), (b"check", 0x2713), (b"chi", 0x3c7), (b"cir", 0x25cb),
    (b"circ", 0x2c6), (b"cire", 0x2257), (b"clubs", 0x2663), (b"colon", 0x3a), (b"colone", 0x2254),
    (b"comma", 0x2c), (b"commat", 0x40), (b"comp", 0x2201), (b"compfn", 0x2218), (b"cong", 0x2245),
    (b"conint", 0x222e), (b"coprod", 0x2210), (b"copy", 0xa9), (b"copysr", 0x2117), (b"crarr", 0x21b5),
    (b"cross", 0x2717), (b"cuepr", 0x22de), (b"cuesc", 0x22df), (b"cup", 0x222a), (b"curren", 0xa4),
    (b"cuvee", 0x22ce), (b"cuwed", 0x22cf), (b"dArr", 0x21d3), (b"dagger", 0x2020), (b"daleth", 0x2138),
    (b"darr", 0x2193), (b"dash", 0x2010), (b"dashv", 0x22a3), (b"dblac", 0x2dd), (b"dcy", 0x434),
    (b"deg", 0xb0), (b"delta", 0x3b4), (b"diam", 0x22c4), (b"diams", 0x2666), (b"die", 0xa8),
    (b"divide", 0xf7), (b"divonx", 0x22c7), (b"djcy", 0x452), (b"dlcorn", 0x231e), (b"dlcrop", 0x230d),
    (b"dollar", 0x24), (b"dot", 0x2d9), (b"drcorn", 0x231f), (b"drcrop", 0x230c), (b"dscy", 0x455),
    (b"dtri", 0x25bf), (b"dtrif", 0x25be), (b"dzcy", 0x45f), (b"eDot", 0x2251), (b"eacute", 0xe9),
    (b"ecir", 0x2256), (b"ecirc", 0xea), (b"ecolon", 0x2255), (b"ecy", 0x44d), (b"efDot", 0x2252),
    (b"egrave", 0xe8), (b"egs", 0x2a96), (b"ell", 0x2113), (b"els", 0x2a95), (b"empty", 0x2205),
    (b"emsp", 0x2003), (b"emsp13", 0x2004), (b"emsp14", 0x2005), (b"ensp", 0x2002), (b"epsi", 0x3f5),
    (b"epsilon", 0x3b5), (b"epsiv", 0x3b5), (b"equals", 0x3d), (b"equiv", 0x2261), (b"erDot", 0x2253),
    (b"esdot", 0x2250), (b"eta", 0x3b7), (b"eth", 0xf0), (b"euml", 0xeb), (b"euro", 0x20ac),
    (b"excl", 0x21), (b"exist", 0x2203), (b"fcy", 0x444), (b"female", 0x2640), (b"ffilig", 0xfb03),
    (b"fflig", 0xfb00), (b"ffllig", 0xfb04), (b"filig", 0xfb01), (b"flat", 0x266d), (b"fllig", 0xfb02),
    (b"fnof", 0x192), (b"forall", 0x2200), (b"fork", 0x22d4), (b"frac12", 0xbd), (b"frac13", 0x2153),
    (b"frac14", 0xbc), (b"frac15", 0x2155), (b"frac16", 0x2159), (b"frac18", 0x215b),
    (b"frac23", 0x2154), (b"frac25", 0x2156), (b"frac34", 0xbe), (b"frac35", 0x2157),
    (b"frac38", 0x215c), (b"frac45", 0x2158), (b"frac56", 0x215a), (b"frac58", 0x215d),
    (b"frac78", 0x215e), (b"frasl", 0x2044), (b"frown", 0x2322), (b"gE", 0x2267), (b"gEl", 0x2a8c),
    (b"gamma", 0x3b3), (b"gammad", 0x3dd), (b"gap", 0x2a86), (b"gcy", 0x433), (b"ge", 0x2265),
    (b"gel", 0x22db), (b"ges", 0x2a7e), (b"gimel", 0x2137), (b"gjcy", 0x453), (b"gl", 0x2277),
    (b"grave", 0x60), (b"gsim", 0x2273), (b"gt", 0x3e), (b"hArr", 0x21d4), (b"hairsp", 0x200a),
    (b"half", 0xbd), (b"hamilt", 0x210b), (b"hardcy", 0x44a), (b"harr", 0x2194), (b"hearts", 0x2665),
    (b"hellip", 0x2026), (b"horbar", 0x2015), (b"hybull", 0x2043), (b"hyphen", 0x2010),
    (b"iacute", 0xed), (b"icirc", 0xee), (b"icy", 0x438), (b"iecy", 0x435), (b"iexcl", 0xa1),
    (b"iff", 0x21d4), (b"igrave", 0xec), (b"image", 0x2111), (b"incare", 0x2105), (b"infin", 0x221e),
    (b"inodot", 0x131), (b"int", 0x222b), (b"intcal", 0x22ba), (b"iocy", 0x451), (b"iota", 0x3b9),
    (b"iquest", 0xbf), (b"isin", 0x2208), (b"iukcy", 0x456), (b"iuml", 0xef), (b"jcy", 0x439),
    (b"jsercy", 0x458), (b"jukcy", 0x454), (b"kappa", 0x3ba), (b"kappav", 0x3f0), (b"kcy", 0x43a),
    (b"khcy", 0x445), (b"kjcy", 0x45c), (b"lArr", 0x21d0), (b"lE", 0x2266), (b"lEg", 0x2a8b),
    (b"lagran", 0x2112), (b"lambda", 0x3bb), (b"lang", 0x2329), (b"lap", 0x2a85), (b"laquo", 0xab),
    (b"larr", 0x2190), (b"lceil", 0x2308), (b"lcub", 0x7b), (b"lcy", 0x43b), (b"ldquo", 0x201c),
    (b"ldquor", 0x201e), (b"le", 0x2264), (b"leg", 0x22da), (b"les", 0x2a7d), (b"lfloor", 0x230a),
    (b"lg", 0x2276), (b"lhblk", 0x2584), (b"ljcy", 0x459), (b"lowast", 0x2217), (b"lowbar", 0x5f),
    (b"loz", 0x25ca), (b"lozf", 0x29eb), (b"lpar", 0x28), (b"lrm", 0x200e), (b"lsaquo", 0x2039),
    (b"lsim", 0x2272), (b"lsqb", 0x5b), (b"lsquo", 0x2018), (b"lsquor", 0x201a), (b"lt", 0x3c),
    (b"lthree", 0x22cb), (b"ltimes", 0x22c9), (b"ltri", 0x25c3), (b"ltrie", 0x22b4), (b"ltrif", 0x25c2),
    (b"macr", 0xaf), (b"male", 0x2642), (b"malt", 0x2720), (b"marker", 0x25ae), (b"mcy", 0x43c),
    (b"mdash", 0x2014), (b"micro", 0xb5), (b"mid", 0x2223), (b"middot", 0xb7), (b"minus", 0x2212),
    (b"minusb", 0x229f), (b"mldr", 0x2026), (b"mnplus", 0x2213), (b"models", 0x22a7), (b"mu", 0x3bc),
    (b"nabla", 0x2207), (b"natur", 0x266e), (b"nbsp", 0xa0), (b"ncy", 0x43d), (b"ndash", 0x2013),
    (b"ne", 0x2260), (b"nexist", 0x2204), (b"ni", 0x220b), (b"njcy", 0x45a), (b"nldr", 0x2025),
    (b"not", 0xac), (b"notin", 0x2209), (b"nsub", 0x2284), (b"ntilde", 0xf1), (b"nu", 0x3bd),
    (b"num", 0x23), (b"numero", 0x2116), (b"numsp", 0x2007), (b"oS", 0x24c8), (b"oacute", 0xf3),
    (b"oast", 0x229b), (b"ocir", 0x229a), (b"ocirc", 0xf4), (b"ocy", 0x43e), (b"odash", 0x229d),
    (b"odot", 0x2299), (b"oelig", 0x153), (b"ogon", 0x2db), (b"ograve", 0xf2), (b"ohm", 0x2126),
    (b"oline", 0x203e), (b"omega", 0x3c9), (b"omicron", 0x3bf), (b"ominus", 0x2296), (b"oplus", 0x2295),
    (b"or", 0x2228), (b"order", 0x2134), (b"ordf", 0xaa), (b"ordm", 0xba), (b"oslash", 0xf8),
    (b"osol", 0x2298), (b"otilde", 0xf5), (b"otimes", 0x2297), (b"ouml", 0xf6), (b"par", 0x2225),
    (b"para", 0xb6), (b"part", 0x2202), (b"pcy", 0x43f), (b"percnt", 0x25), (b"period", 0x2e),
    (b"permil", 0x2030), (b"perp", 0x22a5), (b"phi", 0x3c6), (b"phiv", 0x3c6), (b"phmmat", 0x2133),
    (b"phone", 0x260e), (b"pi", 0x3c0), (b"piv", 0x3d6), (b"planck", 0x210f), (b"plus", 0x2b),
    (b"plusb", 0x229e), (b"plusdo", 0x2214), (b"plusmn", 0xb1), (b"pound", 0xa3), (b"pr", 0x227a),
    (b"prap", 0x2ab7), (b"pre", 0x2aaf), (b"prime", 0x2032), (b"prod", 0x220f), (b"prop", 0x221d),
    (b"prsim", 0x227e), (b"psi", 0x3c8), (b"puncsp", 0x2008), (b"quest", 0x3f), (b"quot", 0x22),
    (b"rArr", 0x21d2), (b"radic", 0x221a), (b"rang", 0x232a), (b"raquo", 0xbb), (b"rarr", 0x2192),
    (b"rceil", 0x2309), (b"rcub", 0x7d), (b"rcy", 0x440), (b"rdquo", 0x201d), (b"rdquor", 0x201d),
    (b"real", 0x211c), (b"rect", 0x25ad), (b"reg", 0xae), (b"rfloor", 0x230b), (b"rho", 0x3c1),
    (b"rhov", 0x3f1), (b"ring", 0x2da), (b"rlm", 0x200f), (b"rpar", 0x29), (b"rpargt", 0x2994),
    (b"rsaquo", 0x203a), (b"rsqb", 0x5d), (b"rsquo", 0x2019), (b"rsquor", 0x2019), (b"rthree", 0x22cc),
    (b"rtimes", 0x22ca), (b"rtri", 0x25b9), (b"rtrie", 0x22b5), (b"rtrif", 0x25b8), (b"rx", 0x211e),
    (b"sbquo", 0x201a), (b"sc", 0x227b), (b"scap", 0x2ab8), (b"scaron", 0x161), (b"sccue", 0x227d),
    (b"sce", 0x2ab0), (b"scsim", 0x227f), (b"scy", 0x441), (b"sdot", 0x22c5), (b"sdotb", 0x22a1),
    (b"sect", 0xa7), (b"semi", 0x3b), (b"setmn", 0x2216), (b"sext", 0x2736), (b"sfrown", 0x2322),
    (b"sharp", 0x266f), (b"shchcy", 0x449), (b"shcy", 0x448), (b"shy", 0xad), (b"sigma", 0x3c3),
    (b"sigmaf", 0x3c2), (b"sigmav", 0x3c2), (b"sim", 0x223c), (b"sime", 0x2243), (b"smid", 0x2223),
    (b"smile", 0x2323), (b"softcy", 0x44c), (b"sol", 0x2f), (b"spades", 0x2660), (b"spar", 0x2225),
    (b"sqcap", 0x2293), (b"sqcup", 0x2294), (b"sqsub", 0x228f), (b"sqsube", 0x2291), (b"sqsup", 0x2290),
    (b"sqsupe", 0x2292), (b"squ", 0x25a1), (b"square", 0x25a1), (b"squf", 0x25aa), (b"ssetmn", 0x2216),
    (b"ssmile", 0x2323), (b"sstarf", 0x22c6), (b"star", 0x2606), (b"starf", 0x2605), (b"sub", 0x2282),
    (b"subE", 0x2ac5), (b"sube", 0x2286), (b"sum", 0x2211), (b"sung", 0x266a), (b"sup", 0x2283),
    (b"sup1", 0xb9), (b"sup2", 0xb2), (b"sup3", 0xb3), (b"supE", 0x2ac6), (b"supe", 0x2287),
    (b"szlig", 0xdf), (b"target", 0x2316), (b"tau", 0x3c4), (b"tcy", 0x442), (b"tdot", 0x20db),
    (b"telrec", 0x2315), (b"there4", 0x2234), (b"theta", 0x3b8), (b"thetasym", 0x3d1),
    (b"thetav", 0x3d1), (b"thinsp", 0x2009), (b"thkap", 0x2248), (b"thksim", 0x223c), (b"thorn", 0xfe),
    (b"tilde", 0x2dc), (b"times", 0xd7), (b"timesb", 0x22a0), (b"top", 0x22a4), (b"tprime", 0x2034),
    (b"trade", 0x2122), (b"trie", 0x225c), (b"tscy", 0x446), (b"tshcy", 0x45b), (b"twixt", 0x226c),
    (b"uArr", 0x21d1), (b"uacute", 0xfa), (b"uarr", 0x2191), (b"ubrcy", 0x45e), (b"ucirc", 0xfb),
    (b"ucy", 0x443), (b"ugrave", 0xf9), (b"uhblk", 0x2580), (b"ulcorn", 0x231c), (b"ulcrop", 0x230f),
    (b"uml", 0xa8), (b"uplus", 0x228e), (b"upsi", 0x3c5), (b"upsih", 0x3d2), (b"upsilon", 0x3c5),
    (b"urcorn", 0x231d), (b"urcrop", 0x230e), (b"utri", 0x25b5), (b"utrif", 0x25b4), (b"uuml", 0xfc),
    (b"vDash", 0x22a8), (b"vcy", 0x432), (b"vdash", 0x22a2), (b"veebar", 0x22bb), (b"vellip", 0x22ee),
    (b"verbar", 0x7c), (b"vltri", 0x22b2), (b"vprop", 0x221d), (b"vrtri", 0x22b3), (b"wedgeq", 0x2259),
    (b"weierp", 0x2118), (b"wreath", 0x2240), (b"xcirc", 0x25ef), (b"xdtri", 0x25bd), (b"xi", 0x3be),
    (b"xutri", 0x25b3), (b"yacute", 0xfd), (b"yacy", 0x44f), (b"ycy", 0x44b), (b"yen", 0xa5),
    (b"yicy", 0x457), (b"yucy", 0x44e), (b"yuml", 0xff), (b"zcy", 0x437), (b"zeta", 0x3b6),
    (b"zhcy", 0x436), (b"zwj", 0x200d), (b"zwnj", 0x200c),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_none_is_longer() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(NAMES.iter().map(|(name, _)| name.len()).max(), Some(LONGEST));
    }

    #[test]
    fn case_counts() {
        assert_eq!(character(b"amp"), Some(0x26));
        assert_eq!(character(b"Auml"), Some(0xc4));
        assert_eq!(character(b"auml"), Some(0xe4));
        assert_eq!(character(b"AMP"), None);
        assert_eq!(character(b""), None);
    }
}
